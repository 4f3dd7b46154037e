"""What Hydra's part of a configuration may run and write: a configuration is data, and may come from somebody else.

Hydra makes objects of what a configuration names with ``_target_``, and Python's logging of what it names with ``class`` or ``()``.
Only the classes below, and what an installed distribution declares as an entry point of the group ``regnet.targets``, are made.
A configuration cannot write outside a launch's folder, or set variables that decide what processes load or where they write.
What is checked is written out: an interpolation could stand for anything when it is resolved, differently in every job of a sweep.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import Any, Final

from hydra.experimental.callback import Callback
from hydra.plugins.plugin import Plugin
from omegaconf import Container, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from regnet.errors import ConfigError

GROUP: Final = "regnet.targets"
"""The group of entry points by which a distribution declares its targets."""
HYDRA: Final = re.compile(r"(hydra_plugins|hydra\._internal\.core_plugins|hydra\.experimental\.callbacks)(\.\w+)+")
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
LOG_FILE: Final = re.compile(r"\$\{hydra[.:]runtime\.output_dir\}/(.+)", re.DOTALL)
OWN: Final = re.compile(r"\$\{(hydra[.:](runtime\.output_dir|job\.(name|num|id))|now:[^${}]*)\}")
"""The interpolations that names may have in them."""
DECIDING: Final = re.compile(
    r"(LD|DYLD|PYTHON|MLFLOW|REGNET|GIT|MPL|SSL|BASH|AWS|AZURE|GOOGLE)\w*|PATH|HOME|TMPDIR|TEMP|TMP|SHELL|ENV|IFS", re.IGNORECASE
)
"""The variables that decide what code a process loads, and where it writes."""
SECRET: Final = re.compile(r"\w*(PASS|PWD|TOKEN|SECRET|KEY|CREDENTIAL|AUTH)\w*", re.IGNORECASE)
"""The variables whose values must not be written into a job's folder."""


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
        elif isinstance(value, str) and value.startswith("${") and _is_container(hydra, path):
            raise ConfigError(f"{path}={value} is not allowed: write the mapping or list out, since it may name code to run")
    for name in ("job_logging", "hydra_logging"):
        _check_logging(values.get(name), f"hydra.{name}")
    for path, value in (("hydra.output_subdir", hydra.output_subdir), ("hydra.job.name", values["job"].get("name"))):
        _check_inside(path, value)
    if len(PurePath(str(values["job"].get("name") or "")).parts) > 1:
        raise ConfigError(f"hydra.job.name={values['job']['name']} is not allowed: it is the name of a file")
    copied = values["job"].get("env_copy") or ()
    for name in (*copied, *(values["job"].get("env_set") or ())):
        if DECIDING.fullmatch(str(name)) or (name in copied and SECRET.fullmatch(str(name))):
            raise ConfigError(f"hydra.job.env_set.{name} cannot be set in a configuration: set it in the environment")


def _is_container(hydra: DictConfig, path: str) -> bool:
    """Whether an interpolation stands for a mapping or a list."""
    try:
        return isinstance(OmegaConf.select(hydra, path.partition(".")[2]), Container)
    except OmegaConfBaseException:  # reported where the value is used
        return False


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path, value
    else:
        for key, item in items:
            yield from _leaves(item, f"{path}.{key}")


def _check_target(path: str, value: Any) -> None:
    target = str(value)
    if (HYDRA.fullmatch(target) and _is_class(target, (Plugin, Callback))) or (SEARCH.fullmatch(target) and _is_class(target)):
        return
    declared = {entry.value.replace(":", ".") for entry in entry_points(group=GROUP)}
    if target not in declared:
        raise ConfigError(
            f"{path}={target} is not allowed, since a configuration must not run code: allowed are Hydra's launchers, sweepers and "
            f"callbacks, and what a distribution declares as an entry point of the group {GROUP}"
        )


def _is_class(target: str, bases: tuple[type, ...] = (object,)) -> bool:
    """Whether a name is that of a class that is defined in its package, and is derived from one of others."""
    module, _, name = target.rpartition(".")
    try:
        with warnings.catch_warnings(action="ignore"):  # of an installed package, which cannot be helped here
            found = getattr(import_module(module), name, None)
    except ImportError:
        return False
    home = ".".join(module.split(".")[:2])
    return isinstance(found, type) and issubclass(found, bases) and found.__module__.startswith(home)


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
    """Refuse a name that leads out of a job's folder, or may do so when it is resolved."""
    given = PurePath(str(value or ""))
    if "${" in OWN.sub("", str(value)):
        raise ConfigError(f"{path}={value} is not allowed: write it out, since it must stay in the job's folder")
    if given.is_absolute() or ".." in given.parts:
        raise ConfigError(f"{path}={value} is not allowed: it must stay in the job's folder")
