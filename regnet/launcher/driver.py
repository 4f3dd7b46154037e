"""The driver: Hydra with a launch composed and its folder made, ready to run the jobs."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from regnet.config.compose import CONFIG_MODULE, CONFIG_NAME
from regnet.errors import ConfigError
from regnet.launcher.sweep_loader import SweepLoader
from regnet.launcher.task import train_job
from regnet.tracking.write.process import writing_process

SEARCH_PATH = f"pkg://{CONFIG_MODULE}"


@dataclass(frozen=True)
class Driver:
    """Hydra, ready to run one job or the jobs of a sweep."""

    hydra: Hydra
    mode: RunMode
    folder: Path
    """The launch's folder, which exists."""
    overrides: tuple[str, ...]
    """Those that were given, and those that set the folder and the mode."""

    def run(self) -> None:
        """Runs the jobs.

        Raises:
            HydraException, OmegaConfBaseException: a job cannot be composed.
            RegnetError: a job failed; if several did, the error of the first. The others were run.
        """
        run = self.hydra.multirun if self.mode == RunMode.MULTIRUN else self.hydra.run
        try:
            run(CONFIG_NAME, train_job, list(self.overrides))
        finally:
            gc.unfreeze()  # what composing the jobs has frozen


def compose_launch(overrides: Sequence[str], *, multirun: bool, config_dir: str | None) -> Driver:
    """Composes what the overrides describe and makes the launch's folder.

    Args:
        overrides: Hydra's overrides.
        multirun: whether to run a sweep, even if `hydra.mode` is not set.
        config_dir: a folder with more configurations.

    Raises:
        ConfigError: there is no such folder of configurations, or the launch's folder cannot be made.
        HydraException, OmegaConfBaseException: the configuration cannot be composed.
    """
    hydra = Hydra("regnet", SweepLoader(_search_path(config_dir)))
    GlobalHydra.instance().initialize(hydra)
    config = hydra.compose_config(
        CONFIG_NAME, list(overrides), RunMode.MULTIRUN, with_log_configuration=False, validate_sweep_overrides=False
    )
    if config.get("tracking", {}).get("name") == "mlflow":
        writing_process()  # it takes seconds to start, during which studies are made
    many = multirun or config.hydra.mode == RunMode.MULTIRUN
    mode, key = (RunMode.MULTIRUN, "hydra.sweep.dir") if many else (RunMode.RUN, "hydra.run.dir")
    folder = Path(config.hydra.sweep.dir if many else config.hydra.run.dir)
    if not any(override.startswith(key) for override in overrides):
        folder = _claim(folder)
    return Driver(hydra, mode, folder, (*overrides, f"{key}='{folder}'", f"hydra.mode={mode.name}"))


def _search_path(config_dir: str | None) -> ConfigSearchPath:
    """Where configurations are looked for: in a given folder before regnet's own."""
    search_path = create_config_search_path(SEARCH_PATH)
    if config_dir is not None:
        if not Path(config_dir).is_dir():
            raise ConfigError(f"--config-dir: there is no folder {config_dir}")
        search_path.prepend("command-line", f"file://{Path(config_dir).resolve()}", anchor="schema")
    return search_path


def _claim(folder: Path) -> Path:
    """A new folder of that name, or of the next free one where another launch of the same second has it."""
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    for candidate in itertools.chain([folder], names):
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(
                f"results cannot be written to {folder}: {error.strerror} (go elsewhere, or set hydra.run.dir)"
            ) from error
        return candidate
    raise AssertionError("the numbers have run out")
