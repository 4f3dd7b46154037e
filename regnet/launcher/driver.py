"""The driver: Hydra, with a composed launch and its folder, ready to run the jobs."""

from __future__ import annotations

import gc
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from hydra._internal.hydra import Hydra
from hydra.conf import HydraConf
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from regnet.config.automatic import AUTO
from regnet.config.compose import CONFIG_NAME, launch_settings, search_path, tracking_of
from regnet.config.config_files import refuse_unplaced
from regnet.config.loader import OPTIONAL_GROUPS
from regnet.config.overrides import override
from regnet.errors import ConfigError
from regnet.launcher.objective import tries_every_combination
from regnet.launcher.plan_sweep import planning_launchers
from regnet.launcher.resume import FOLDER_KEYS, Command, open_launch, without_launch_settings
from regnet.launcher.sweep_loader import SweepLoader
from regnet.launcher.task import train_job
from regnet.registry.catalog import Catalog
from regnet.registry.launch_settings import LaunchSettings
from regnet.tracking.write.process import writing_process

JOB_LOGGING: Final = "hydra/job_logging"


@dataclass(frozen=True)
class Driver:
    """Hydra, ready to run one job or the jobs of a sweep."""

    hydra: Hydra
    mode: RunMode
    config_name: str
    """The name of the primary config file."""
    folder: Path
    """The folder of the launch, which exists."""
    overrides: tuple[str, ...]
    """The given overrides, and those that set the folder and the mode."""
    settings: LaunchSettings
    sequential: bool
    """Whether the number of seeds is auto."""

    def run(self) -> None:
        """Run the jobs.

        Raises:
            HydraException, OmegaConfBaseException: a job cannot be composed.
            RegnetError: a job failed; if several failed, the error of the first. The other jobs have run.
        """
        run = self.hydra.multirun if self.mode == RunMode.MULTIRUN else self.hydra.run
        try:
            with planning_launchers():
                run(self.config_name, train_job, list(self.overrides))
        finally:
            gc.unfreeze()  # frozen while the jobs were composed


def compose_launch(options: Namespace, catalog: Catalog, words: Sequence[str]) -> Driver:
    """Compose the launch that the overrides describe, and create its folder and its plan, or find those of the launch to continue.

    Args:
        options: Hydra's options, with the overrides.
        catalog: the plugins.
        words: the arguments of `regnet run`, by which the launch is found again.

    Raises:
        ConfigError: `config_dir` does not exist, or the folder of the launch cannot be created or does not fit.
        HydraException, OmegaConfBaseException: the configuration cannot be composed.
    """
    hydra = start_hydra(options)
    name = options.config_name or CONFIG_NAME
    overrides = cast(SweepLoader, hydra.config_loader).as_meant(options.overrides)
    if options.config_name:  # a config file which may not begin with regnet's own
        overrides = [*([] if any(map(_is_logging, overrides)) else [f"{JOB_LOGGING}=regnet"]), *overrides]
    config = hydra.compose_config(name, overrides, RunMode.MULTIRUN, with_log_configuration=False, validate_sweep_overrides=False)
    refuse_unplaced(config, OPTIONAL_GROUPS)
    tracking = tracking_of(config)
    if tracking["name"] == "mlflow":
        writing_process()  # started early: it takes seconds to start, while the studies are built
    many = options.multirun or config.hydra.mode == RunMode.MULTIRUN
    mode, key = (RunMode.MULTIRUN if many else RunMode.RUN), FOLDER_KEYS[many]
    named = {override.partition("=")[0].lstrip("+") for override in overrides} & {*FOLDER_KEYS}
    if named == {FOLDER_KEYS[not many]}:
        raise ConfigError(f"{named.pop()} is not the folder of {'a sweep' if many else 'a run without -m'}: set {key}")
    sequential = config.get("seeds") == AUTO
    settings = launch_settings(config, catalog)
    if sequential:
        check_sequential(config.hydra, settings, many=many)
    command = Command(words, many, Path(config.hydra.sweep.dir if many else config.hydra.run.dir), key in named, settings, tracking)
    folder = open_launch(command, catalog.plugins)
    own = without_launch_settings(overrides)
    given = (*own, override(key, folder), f"hydra.mode={mode.name}")
    return Driver(hydra, mode, name, folder, given, settings, sequential)


def check_sequential(hydra: HydraConf, settings: LaunchSettings, *, many: bool) -> None:
    """Check that a launch whose `seeds` is auto has studies to compare, and a gap that matters.

    Raises:
        ConfigError: it is no sweep, its sweeper chooses the studies, or the gap is missing.
    """
    if not many:
        raise ConfigError("seeds=auto trains until it is shown how studies differ, so it takes a sweep: add -m, or set seeds=20")
    if settings.gap is None:
        raise ConfigError(
            "seeds=auto takes gap=NUMBER, the smallest difference that matters, as differences of the headline are shown: gap=0.2 "
            "for 0.2 points"
        )
    if not tries_every_combination(hydra):
        raise ConfigError("seeds=auto compares the studies of a sweep, and this sweeper chooses them by their values: set seeds=5")


def _is_logging(override: str) -> bool:
    return override.lstrip("+~").startswith(JOB_LOGGING)


def start_hydra(options: Namespace) -> Hydra:
    """Start Hydra for a command line.

    Raises:
        ConfigError: `--config-dir` is no folder.
    """
    hydra = Hydra("regnet", SweepLoader(search_path(options.config_dir, first=options.config_name is not None)))
    GlobalHydra.instance().initialize(hydra)
    return hydra
