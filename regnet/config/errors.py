"""One-line errors for a user's mistakes, from those of Hydra and OmegaConf: the problem, the component and the valid choices."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException, ValidationError

from regnet.config.loader import OPTIONAL_GROUPS
from regnet.contracts import KINDS
from regnet.credentials import hide_loosely
from regnet.errors import ConfigError, PluginError, UnknownComponent, one_of
from regnet.registry.catalog import Catalog, Entry
from regnet.registry.launch_settings import LaunchSettings
from regnet.registry.options import options_of
from regnet.registry.settings import GROUPS, Settings

NO_KEY = re.compile(r"Key '(\w+)' is not in struct|Key '(\w+)' not in '(\w+)'")
NO_GROUP = re.compile(r"Could not override '(\w+)'\. No match in the defaults list")
IN_FILE = re.compile(r"^In '([^']+)': \w+ raised while composing config")
LIBRARIES = ("hydra", "omegaconf", "antlr4")
NOISE = ("full_key", "object_type", "reference_type", "See https")
"""The starts of lines that do not help a user."""


@contextmanager
def readable_errors(catalog: Catalog) -> Iterator[None]:
    """Context manager that turns errors of Hydra and OmegaConf about a user's input into a ConfigError of one line."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(hide_loosely(explain(error, catalog))) from error
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        if not _is_from_hydra(error):
            raise
        kind = f"{type(error).__name__}: " if isinstance(error, LookupError) else ""
        line = traceback.extract_tb(error.__traceback__)[-1].line
        reason = " ".join(str(error).split()) or f"{type(error).__name__} in `{line}`"
        reason += f": {' '.join(str(error.__cause__).split())}" if error.__cause__ else ""
        raise ConfigError(hide_loosely(f"the configuration cannot be composed: {kind}{reason}")) from error


def _is_from_hydra(error: BaseException) -> bool:
    """Whether Hydra or OmegaConf has raised an error, or a function of Python that they have called."""
    modules = [str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in traceback.walk_tb(error.__traceback__)]
    known = [name for name in modules if name in (*LIBRARIES, "regnet")]
    return bool(known) and known[-1] in LIBRARIES


def explain(error: BaseException, catalog: Catalog) -> str:
    """Explain an error of Hydra or OmegaConf in one line."""
    if isinstance(error, MissingConfigException):
        return _missing_choice(error, catalog)
    cause = error.__cause__ if isinstance(error, ConfigCompositionException) and error.__cause__ else error
    text = f"{error}\n{cause}"
    for known in (_no_group, _unknown_key, _wrong_value, _several_values, _no_values):
        if message := known(text, cause, catalog):
            return message
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join([line for line in dict.fromkeys(lines) if not line.startswith(NOISE)][:3])


def _no_group(text: str, cause: BaseException, catalog: Catalog) -> str | None:
    """Explain a primary config file that does not begin with regnet's."""
    group = NO_GROUP.search(text)
    if group is None or group[1] not in GROUPS:
        return None
    return f"{group[1]} is no group of this configuration: begin your config file with `defaults: [config, _self_]`"


def _unknown_key(text: str, cause: BaseException, catalog: Catalog) -> str | None:
    unknown, file = NO_KEY.search(text), IN_FILE.search(text)
    if unknown is None:
        return None
    return (f"config file {file[1]}: " if file else "") + _missing_key(unknown[1] or unknown[2], cause, catalog)


def _wrong_value(text: str, cause: BaseException, catalog: Catalog) -> str | None:
    return _wrong_type(cause, catalog) if isinstance(cause, ValidationError) else None


def _several_values(text: str, cause: BaseException, catalog: Catalog) -> str | None:
    several = re.search(r"Ambiguous value for argument '([^=]+)=(.*)'", text)
    if several is None:
        return None
    if several[1] in GROUPS:
        return f"{several[1]} takes one name, and was given several: for a sweep add -m"
    return f"{several[1]} was given several values: for a sweep add -m, for a list write '{several[1]}=[{several[2]}]'"


def _no_values(text: str, cause: BaseException, catalog: Catalog) -> str | None:
    if "INTERVAL_SWEEP" not in text:
        return None
    return "interval(...) has no list of values: write values or range(...), or a sweeper that draws them (hydra/sweeper=NAME)"


def _missing_choice(error: MissingConfigException, catalog: Catalog) -> str:
    """Explain ``optimizer=adm``: the closest choice and, for a component, why it may be missing."""
    group, _, name = str(error.missing_cfg_file or "").rpartition("/")
    if not group:
        return f"there is no config file {name!r} in regnet's folder or in that of --config-dir"
    if group in KINDS:
        try:
            catalog.find(group, name)
        except (UnknownComponent, PluginError) as better:
            return str(better)
    return f"unknown {group} {name!r}: {one_of(name, map(str, error.options or ()))}"


def _missing_key(key: str, cause: BaseException, catalog: Catalog) -> str:
    """Explain ``optimizer.lrr=1``: the component, and its closest option."""
    parent = getattr(cause, "parent_node", None)
    path = str(getattr(cause, "full_key", "") or key).rpartition(".")[0]
    if key in OPTIONAL_GROUPS and not path:
        return f"its options are set below {key}, where nothing reads them: put `# @package _global_` into its first line"
    names = [str(name) for name in parent] if isinstance(parent, DictConfig) else []
    if path.startswith("hydra.") and not names:
        return f"{path} has no option {key!r}: to add it, write +{path}.{key}=VALUE"
    if path and not names:
        return f"{path} is not a group of options: to set an option of a component, write {path}={{name: NAME, {key}: VALUE}}"
    if not (path or names):
        names = [*options_of(Settings), *options_of(LaunchSettings), *GROUPS, *catalog.settings]
    entry = _entry(path, parent, catalog)
    owner = str(entry) if entry else path or "the configuration"
    return f"{owner} has no option {key!r}: {one_of(key, [name for name in names if name not in ('name', 'hydra')])}"


def _wrong_type(cause: ValidationError, catalog: Catalog) -> str | None:
    """Explain ``optimizer.lr=abc``: the component, and the values that the option takes."""
    full = str(cause.full_key or "")
    path, _, key = full.rpartition(".")
    entry = _entry(path, cause.parent_node, catalog)
    options = entry.options if entry else {} if path else {**options_of(Settings), **options_of(LaunchSettings)}
    value = re.search(r"Value '(.*)' of type|(is not Optional)", str(cause))
    if key not in options or value is None:
        return None
    owner = f"{full} of {entry}" if entry else full
    return f"{owner} takes {options[key].type_text}; got {'null' if value[2] else repr(value[1])}"


def _entry(path: str, parent: object, catalog: Catalog) -> Entry | None:
    """Return the component whose options are at a path of the config, if the catalog has it."""
    if path in catalog.settings:
        return catalog.settings[path]
    if path not in KINDS or not isinstance(parent, DictConfig):
        return None
    try:
        return catalog.find(path, str(parent.get("name")))
    except (UnknownComponent, PluginError):
        return None
