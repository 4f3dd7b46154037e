"""The interface to Hydra: make config groups from the catalog, and compose configurations."""

from __future__ import annotations

import dataclasses
import os
import threading
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast

from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from hydra.version import VersionBase
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException
from packaging.version import Version

from regnet.config.automatic import AUTO
from regnet.config.automatic import COMPONENTS as OPEN
from regnet.config.config_files import refuse_unplaced
from regnet.config.dataset import sampling_options
from regnet.config.errors import readable_errors
from regnet.config.loader import COMPONENT_GROUPS, OPTIONAL_GROUPS, Loader
from regnet.credentials import concealed
from regnet.errors import ConfigError, UnknownComponent
from regnet.escape import visible
from regnet.registry.catalog import MISSING, Catalog
from regnet.registry.launch_settings import LaunchSettings
from regnet.registry.options import Option, options_of
from regnet.registry.selection import OWN
from regnet.registry.settings import GROUPS, Settings

CONFIG_MODULE = "regnet.conf"
CONFIG_NAME = "config"
SEARCH_PATH = f"pkg://{CONFIG_MODULE}"

_registered: list[tuple[dict[str, Any], tuple[Any, ...]]] = []
"""Hydra's repository of configurations, and the components for which it has groups; empty before the first registration."""
_composing = threading.RLock()
"""Held while Hydra composes, since its groups and its version are global."""


def register_groups(catalog: Catalog) -> None:
    """Register with Hydra a typed node for the settings, and one for every component, as `optimizer=NAME` needs it.

    Nothing is done if the last catalog in this process had the same components.
    """
    store = ConfigStore.instance()
    components = [
        (kind, name, entry) for kind, named in catalog.entries.items() for name, claims in named.items() for entry in claims
    ]
    signature = (
        *((kind, name, entry.origin.distribution, entry.component) for kind, name, entry in components),
        *((name, entry.component) for name, entry in catalog.settings.items()),
    )
    if _registered and _registered[-1][0] is store.repo and _registered[-1][1] == signature and "settings.yaml" in store.repo:
        return
    _registered[:] = [(store.repo, signature)]
    groups = [Option(group, Any, MISSING) for group in GROUPS]
    fields = _fields([*options_of(Settings).values(), *options_of(LaunchSettings).values(), *groups], catalog)
    for name, entry in catalog.settings.items():
        settings_node = node(name, entry.options.values(), catalog)
        fields.append((name, settings_node, dataclasses.field(default_factory=settings_node)))
    store.store(name="settings", node=dataclasses.make_dataclass("settings", fields), provider="regnet")
    for kind in COMPONENT_GROUPS:
        store.repo.pop(kind, None)  # registered for an earlier catalog in this process
        if kind in OPEN:
            store.store(group=kind, name=AUTO, node=OmegaConf.create({"name": AUTO}, flags={"struct": False}), provider=OWN)
        for name, claims in catalog.entries[kind].items():
            for entry in claims:
                owner = entry.origin.distribution
                for choice in (name, f"{owner}:{name}") if len(claims) > 1 else (name,):
                    more = sampling_options(entry).values() if kind == "dataset" else ()
                    options = [Option("name", str, choice), *entry.options.values(), *more]
                    store.store(group=kind, name=choice, node=node(name, options, catalog), provider=owner)


def node(name: str, options: typing.Iterable[Option], catalog: Catalog) -> type:
    """Make a dataclass with the options' names, types and defaults, as OmegaConf expects a typed config."""
    return dataclasses.make_dataclass(name, _fields(options, catalog))


def _fields(options: typing.Iterable[Option], catalog: Catalog) -> list[tuple[str, Any, Any]]:
    fields = []
    for option in options:
        default = MISSING if option.required else _default(option, catalog)
        if isinstance(default, (list, dict)):
            field = dataclasses.field(default_factory=lambda value=default: value)  # type: ignore[misc]
        else:
            field = dataclasses.field(default=default)
        fields.append((option.name, _config_type(option.annotation), field))
    return fields


def _default(option: Option, catalog: Catalog) -> Any:
    """Return the default as a config writes it; MISSING, for the constructor's default, if it is an unregistered component."""
    try:
        return catalog.as_config(option.default)
    except UnknownComponent:
        return MISSING


def compose_config(overrides: Sequence[str], catalog: Catalog) -> dict[str, Any]:
    """Compose regnet's `conf/` and the overrides with Hydra; return the configuration as plain Python values.

    Raises:
        ConfigError: Hydra cannot compose it.
    """
    return plain(_composed(overrides, catalog))


def compose_launch_config(overrides: Sequence[str], catalog: Catalog) -> tuple[dict[str, Any], LaunchSettings, Path]:
    """Compose as `compose_config` does; also return the settings of the launch, and the folder that Hydra gives it.

    Raises:
        ConfigError: Hydra cannot compose it.
    """
    config = _composed(overrides, catalog, return_hydra_config=True)
    with readable_errors(catalog):
        folder = Path(config.hydra.run.dir)
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    return plain(own), launch_settings(config, catalog), folder


def launch_settings(config: DictConfig, catalog: Catalog) -> LaunchSettings:
    """Return the settings of a launch from its composed configuration.

    Raises:
        ConfigError: a value is not allowed.
    """
    options = options_of(LaunchSettings)
    given = {name: config[name] for name in options if name in config}
    return catalog.construct(LaunchSettings, options, given, owner="", where="")


def tracking_of(config: DictConfig) -> dict[str, Any]:
    """Return the options of tracking from a composed configuration; without them, there is none.

    Raises:
        ConfigError: they are no mapping with a name.
    """
    with _resolving(config._get_node("tracking"), "tracking"):
        found = config.get("tracking")
        values = OmegaConf.to_container(found, resolve=True) if isinstance(found, DictConfig) else found
    if values is None or found == MISSING:
        return {"name": "none"}
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise ConfigError(f"tracking takes a name, or a mapping with `name` and its options; got {values!r}")
    if values["name"] == "mlflow" and values.get("experiment") is None:
        values["experiment"] = os.environ.get("MLFLOW_EXPERIMENT_NAME")
    return {str(key): value for key, value in values.items()}


def _composed(overrides: Sequence[str], catalog: Catalog, *, return_hydra_config: bool = False) -> DictConfig:
    with readable_errors(catalog), _hydra_alone():
        register_groups(catalog)
        loader = Loader(search_path())
        config = loader.load_configuration(CONFIG_NAME, with_search_path(overrides, catalog), RunMode.RUN, from_shell=False)
    refuse_unplaced(config, OPTIONAL_GROUPS)
    if not return_hydra_config:
        with open_dict(config):
            del config["hydra"]
    return config


@contextmanager
def _hydra_alone() -> Iterator[None]:
    """Context manager in which Hydra behaves as version 1.3, whatever else in this process uses it."""
    with _composing:
        base = VersionBase.instance()
        before = base.version_base
        base.setbase(Version("1.3"))
        setup_globals()
        try:
            yield
        finally:
            base.version_base = before


def search_path(config_dir: str | None = None, *, first: bool = False) -> ConfigSearchPath:
    """Return where Hydra searches for configurations: in regnet's, and in a given folder.

    Args:
        config_dir: the folder.
        first: whether it comes before regnet's, so that a file in it may have the name of one of regnet's.

    Raises:
        ConfigError: there is no such folder.
    """
    path = create_config_search_path(SEARCH_PATH)
    if config_dir is not None:
        if not Path(config_dir).is_dir():
            raise ConfigError(f"--config-dir: there is no folder {config_dir}")
        where = f"file://{Path(config_dir).resolve()}"
        path.prepend("command-line", where, anchor="main" if first else "schema")
    return path


def with_search_path(overrides: Sequence[str], catalog: Catalog) -> list[str]:
    """Return the overrides with the plugins' config folders added to Hydra's search path."""
    key = "hydra.searchpath="
    others = [override for override in overrides if not override.startswith(key)]
    asked = [override.removeprefix(key).strip("[]") for override in overrides if override.startswith(key)]
    paths = [*asked, *catalog.config_paths]
    return [*others, f"{key}[{','.join(paths)}]"] if paths else others


def plain(config: Any) -> dict[str, Any]:
    """Return a composed configuration as plain Python values, without Hydra's part and with all interpolations resolved.

    Raises:
        ConfigError: a group that a run needs is not in it, or an interpolation cannot be resolved.
    """
    with _resolving(config):
        container = _values(config)
    tracking = tracking_of(config)
    assert isinstance(container, dict)
    hidden = {"hydra", *OPTIONAL_GROUPS, *options_of(LaunchSettings)}
    values = {str(key): concealed(value) for key, value in container.items() if key not in hidden}
    values["tracking"] = concealed(tracking)
    _refuse_control_characters(values)
    for group in GROUPS:
        if values.get(group) in (None, MISSING):
            raise ConfigError(
                f"the configuration has no {group}: choose {group}=NAME, or begin your config file with `defaults: [config]`"
            )
    return values


def _values(node: Any) -> Any:
    """What `OmegaConf.to_container` returns, which is much slower where nothing has to be resolved."""
    fields = node.__dict__
    content = fields.get("_content")
    if type(content) is dict and type(node) is DictConfig:
        return {key: _values(child) for key, child in content.items()}
    if type(content) is list and type(node) is ListConfig:
        return [_values(child) for child in content]
    value = fields.get("_val")
    if type(value) in (bool, int, float) or (type(value) is str and "$" not in value and value != MISSING):
        return value
    if "_val" in fields and value is None:
        return None
    parent, key = node._get_parent(), node._key()
    return cast(dict[Any, Any], OmegaConf.to_container(parent, resolve=True, enum_to_str=True))[key]


def _refuse_control_characters(value: Any, path: str = "") -> None:
    """Refuse texts that a terminal would obey instead of showing them."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            _refuse_control_characters(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, str) and visible(value) != value:
        raise ConfigError(f"{path} has control characters in it: {visible(value)}")


@contextmanager
def _resolving(config: Any, path: str = "") -> Iterator[None]:
    """Context manager that names the option whose interpolation cannot be resolved."""
    try:
        yield
    except InterpolationResolutionError as error:
        raise ConfigError(f"{_unresolved(config, path) or path or 'the configuration'}: {str(error).splitlines()[0]}") from error


def _unresolved(config: Any, path: str = "") -> str | None:
    """Return the path of the first option whose interpolation cannot be resolved."""
    if not isinstance(config, (DictConfig, ListConfig)) or config._is_none() or config._is_missing() or config._is_interpolation():
        return None
    for key in config.keys() if isinstance(config, DictConfig) else range(len(config)):
        node, where = cast(Any, config)._get_node(key), f"{path}.{key!s}".lstrip(".")
        try:
            value = node._dereference_node() if node._is_interpolation() else node
        except OmegaConfBaseException:
            return where
        found = _unresolved(value, where)
        if found:
            return found
    return None


def _config_type(annotation: Any) -> Any:
    """Return the closest type that OmegaConf supports; the catalog checks ranges and alternatives later."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _config_type(arguments[0])
    if origin is Literal and all(isinstance(value, str) for value in arguments):
        return str
    if origin is list and _config_type(arguments[0]) in (int, float, str, bool):
        return list[_config_type(arguments[0])]  # type: ignore[misc]
    if origin in (Union, types.UnionType):
        inner = {_config_type(part) for part in arguments if part is not type(None)}
        if len(inner) == 1 and (only := inner.pop()) is not Any:
            return only | None if type(None) in arguments else only
        return Any
    return annotation if annotation in (int, float, str, bool) else Any
