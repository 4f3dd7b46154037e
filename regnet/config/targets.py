"""What Hydra's part of a configuration may run and write: a configuration is data, and may come from somebody else.

Hydra makes objects of what a configuration names with ``_target_``, and Python's logging of what it names with ``class`` or ``()``.
Only the objects below, and those that an installed distribution declares as an entry point of the group ``regnet.targets``, are
made. A configuration cannot write outside a launch's folder, or set variables by which processes load code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import Any, Final

from omegaconf import DictConfig, OmegaConf

from regnet.errors import ConfigError

GROUP: Final = "regnet.targets"
"""The group of entry points by which a distribution declares its targets."""
HYDRA: Final = re.compile(r"(hydra_plugins|hydra\._internal\.core_plugins|hydra\.experimental\.callbacks)\.[\w.]+")
"""Hydra's launchers, sweepers and callbacks, and those of its plugins, which are all in these packages."""
SEARCH: Final = re.compile(r"optuna\.(samplers|pruners|distributions)\.\w+")
"""What Optuna's sweeper is configured with."""
LOGGING: Final = {
    "logging.StreamHandler",
    "logging.FileHandler",
    "logging.NullHandler",
    "logging.Formatter",
    "logging.handlers.RotatingFileHandler",
    "colorlog.ColoredFormatter",
}
STREAMS: Final = {"ext://sys.stdout", "ext://sys.stderr"}
LOG_FILE: Final = re.compile(r"\$\{hydra[.:]runtime\.output_dir\}/(.+)")
LOADING: Final = re.compile(r"(LD|DYLD|PYTHON)[A-Z_]*|PATH|REGNET_PLUGINS", re.IGNORECASE)
"""The variables by which a process finds the code that it runs."""


def check_hydra(hydra: DictConfig) -> None:
    """Check Hydra's part of a configuration.

    Raises:
        ConfigError: it names something to run or to write that is not allowed.
    """
    values = OmegaConf.to_container(hydra, resolve=False)
    assert isinstance(values, dict)
    for path, value in _leaves(values, "hydra"):
        if path.endswith("._target_"):
            _check_target(path, value)
    for name in ("job_logging", "hydra_logging"):
        _check_logging(values.get(name), f"hydra.{name}")
    for path, value in (("hydra.output_subdir", hydra.output_subdir), ("hydra.job.name", values["job"].get("name"))):
        _check_inside(path, value)
    for name in values["job"].get("env_set") or ():
        if LOADING.fullmatch(str(name)):
            raise ConfigError(f"hydra.job.env_set.{name} cannot be set in a configuration: set it in the environment")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path, value
    else:
        for key, item in items:
            yield from _leaves(item, f"{path}.{key}")


def _check_target(path: str, value: Any) -> None:
    target = str(value)
    if HYDRA.fullmatch(target) or SEARCH.fullmatch(target):
        return
    declared = {entry.value.replace(":", ".") for entry in entry_points(group=GROUP)}
    if target not in declared:
        raise ConfigError(
            f"{path}={target} is not allowed, since a configuration must not run code: allowed are Hydra's launchers, sweepers and "
            f"callbacks, and what a distribution declares as an entry point of the group {GROUP}"
        )


def _check_logging(config: Any, where: str) -> None:
    for path, value in _leaves(config or {}, where):
        key = path.rpartition(".")[2]
        if key in ("class", "()", "factory") and value not in LOGGING:
            raise ConfigError(f"{path}={value} is not allowed: choose {', '.join(sorted(LOGGING))}")
        if isinstance(value, str) and value.startswith(("ext://", "cfg://")) and value not in STREAMS:
            raise ConfigError(f"{path}={value} is not allowed: choose {' or '.join(sorted(STREAMS))}")
        if key == "filename":
            inside = LOG_FILE.fullmatch(str(value))
            if inside is None:
                raise ConfigError(f"{path}={value} is not allowed: a log file is in ${{hydra.runtime.output_dir}}")
            _check_inside(path, inside[1])


def _check_inside(path: str, value: Any) -> None:
    """Refuse a name that leads out of a job's folder."""
    given = PurePath(str(value or ""))
    if given.is_absolute() or ".." in given.parts:
        raise ConfigError(f"{path}={value} is not allowed: it must stay in the job's folder")
