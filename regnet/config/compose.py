"""The interface to Hydra: make config groups from the catalog, and compose configurations."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from hydra import compose, initialize_config_module
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from regnet.config.errors import readable_errors
from regnet.credentials import conceal, concealed
from regnet.errors import UnknownComponent
from regnet.registry.catalog import MISSING, Catalog
from regnet.registry.launch_settings import LaunchSettings
from regnet.registry.options import Option, options_of
from regnet.registry.settings import GROUPS, Settings

CONFIG_MODULE = "regnet.conf"
CONFIG_NAME = "config"
COMPONENT_GROUPS = ("dataset", "loss", "optimizer")
"""The kinds of component that are config groups; layers and initializers are named inside a model."""


def register_groups(catalog: Catalog) -> None:
    """Register with Hydra a typed node for the settings, and one for every component, as `optimizer=NAME` needs it."""
    store = ConfigStore.instance()
    groups = [Option(group, Any, MISSING) for group in GROUPS]
    fields = _fields([*options_of(Settings).values(), *options_of(LaunchSettings).values(), *groups], catalog)
    for name, entry in catalog.settings.items():
        settings_node = node(name, entry.options.values(), catalog)
        fields.append((name, settings_node, dataclasses.field(default_factory=settings_node)))
    store.store(name="settings", node=dataclasses.make_dataclass("settings", fields), provider="regnet")
    for kind in COMPONENT_GROUPS:
        store.repo.pop(kind, None)  # registered for an earlier catalog in this process
        for name, claims in catalog.entries[kind].items():
            for entry in claims:
                owner = entry.origin.distribution
                for choice in (name, f"{owner}:{name}") if len(claims) > 1 else (name,):
                    options = [Option("name", str, choice), *entry.options.values()]
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
    return catalog.construct(LaunchSettings, options, {name: config[name] for name in options}, owner="", where="")


def _composed(overrides: Sequence[str], catalog: Catalog, *, return_hydra_config: bool = False) -> DictConfig:
    register_groups(catalog)
    with readable_errors(catalog), initialize_config_module(CONFIG_MODULE, version_base="1.3"):
        return compose(CONFIG_NAME, with_search_path([conceal(text) for text in overrides], catalog), return_hydra_config)


def with_search_path(overrides: Sequence[str], catalog: Catalog) -> list[str]:
    """Return the overrides with the plugins' config folders added to Hydra's search path."""
    key = "hydra.searchpath="
    others = [override for override in overrides if not override.startswith(key)]
    asked = [override.removeprefix(key).strip("[]") for override in overrides if override.startswith(key)]
    paths = [*asked, *catalog.config_paths]
    return [*others, f"{key}[{','.join(paths)}]"] if paths else others


def plain(config: Any) -> dict[str, Any]:
    """Return a composed configuration as plain Python values, without Hydra's part and with all interpolations resolved."""
    container = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    assert isinstance(container, dict)
    hidden = {"hydra", "experiment", "contender", *options_of(LaunchSettings)}
    return {str(key): concealed(value) for key, value in container.items() if key not in hidden}


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
