"""The driver: Hydra, with a composed launch and its folder, ready to run the jobs."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from regnet.config.compose import CONFIG_MODULE, CONFIG_NAME, launch_settings
from regnet.credentials import conceal
from regnet.errors import ConfigError
from regnet.launcher.plan_sweep import planning_launchers
from regnet.launcher.resume import Command, open_launch, without_launch_settings
from regnet.launcher.sweep_loader import SweepLoader
from regnet.launcher.task import train_job
from regnet.registry.catalog import Catalog
from regnet.tracking.write.process import writing_process

SEARCH_PATH = f"pkg://{CONFIG_MODULE}"


@dataclass(frozen=True)
class Driver:
    """Hydra, ready to run one job or the jobs of a sweep."""

    hydra: Hydra
    mode: RunMode
    folder: Path
    """The folder of the launch, which exists."""
    overrides: tuple[str, ...]
    """The given overrides, and those that set the folder and the mode."""

    def run(self) -> None:
        """Run the jobs.

        Raises:
            HydraException, OmegaConfBaseException: a job cannot be composed.
            RegnetError: a job failed; if several failed, the error of the first. The other jobs have run.
        """
        run = self.hydra.multirun if self.mode == RunMode.MULTIRUN else self.hydra.run
        try:
            with planning_launchers():
                run(CONFIG_NAME, train_job, list(self.overrides))
        finally:
            gc.unfreeze()  # frozen while the jobs were composed


def compose_launch(
    overrides: Sequence[str], catalog: Catalog, *, words: Sequence[str], multirun: bool, config_dir: str | None
) -> Driver:
    """Compose the launch that the overrides describe, and create its folder and its plan, or find those of the launch to continue.

    Args:
        overrides: Hydra's overrides.
        catalog: the plugins.
        words: the arguments of `regnet run`, by which the launch is found again.
        multirun: whether to run a sweep, even if `hydra.mode` is not set.
        config_dir: a folder with more configurations.

    Raises:
        ConfigError: `config_dir` does not exist, or the folder of the launch cannot be created or does not fit.
        HydraException, OmegaConfBaseException: the configuration cannot be composed.
    """
    overrides = [conceal(override) for override in overrides]
    hydra = Hydra("regnet", SweepLoader(_search_path(config_dir)))
    GlobalHydra.instance().initialize(hydra)
    config = hydra.compose_config(
        CONFIG_NAME, list(overrides), RunMode.MULTIRUN, with_log_configuration=False, validate_sweep_overrides=False
    )
    tracking = config.get("tracking")
    if tracking and tracking.get("name") == "mlflow":
        writing_process()  # started early: it takes seconds to start, while the studies are built
    many = multirun or config.hydra.mode == RunMode.MULTIRUN
    mode, key = (RunMode.MULTIRUN, "hydra.sweep.dir") if many else (RunMode.RUN, "hydra.run.dir")
    command = Command(
        words,
        many,
        Path(config.hydra.sweep.dir if many else config.hydra.run.dir),
        any(override.startswith(key) for override in overrides),
        launch_settings(config, catalog),
        OmegaConf.to_container(tracking, resolve=True) if tracking else {},  # type: ignore[arg-type]
    )
    folder = open_launch(command, catalog.plugins)
    own = without_launch_settings(overrides)
    return Driver(hydra, mode, folder, (*own, f"{key}='{folder}'", f"hydra.mode={mode.name}"))


def _search_path(config_dir: str | None) -> ConfigSearchPath:
    """The search path for configurations: a given folder, then regnet's."""
    search_path = create_config_search_path(SEARCH_PATH)
    if config_dir is not None:
        if not Path(config_dir).is_dir():
            raise ConfigError(f"--config-dir: there is no folder {config_dir}")
        search_path.prepend("command-line", f"file://{Path(config_dir).resolve()}", anchor="schema")
    return search_path
