"""The edge to Hydra: component groups made from the catalog, and configurations composed."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

from hydra import compose, initialize_config_module
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from regnet.config.errors import readable_errors
from regnet.errors import UnknownComponent
from regnet.registry.catalog import MISSING, Catalog
from regnet.registry.options import Option, options_of
from regnet.registry.settings import GROUPS, Settings

CONFIG_MODULE = "regnet.conf"
CONFIG_NAME = "config"
COMPONENT_GROUPS = ("dataset", "loss", "optimizer")
"""The kinds of component that are config groups of their own; layers and initializers are named within a model."""


def register_groups(catalog: Catalog) -> None:
    """Gives Hydra a typed node for the settings, and one for every component, as `optimizer=NAME` needs it."""
    store = ConfigStore.instance()
    groups = [Option(group, Any, MISSING) for group in GROUPS]
    fields = _fields([*options_of(Settings).values(), *groups], catalog)
    for name, entry in catalog.settings.items():
        owned = node(name, entry.options.values(), catalog)
        fields.append((name, owned, dataclasses.field(default_factory=owned)))
    store.store(name="settings", node=dataclasses.make_dataclass("settings", fields), provider="regnet")
    for kind in COMPONENT_GROUPS:
        store.repo.pop(kind, None)  # what an earlier catalog of this process had
        for name, claims in catalog.entries[kind].items():
            for entry in claims:
                owner = entry.origin.distribution
                for choice in (name, f"{owner}:{name}") if len(claims) > 1 else (name,):
                    options = [Option("name", str, choice), *entry.options.values()]
                    store.store(group=kind, name=choice, node=node(name, options, catalog), provider=owner)


def node(name: str, options: typing.Iterable[Option], catalog: Catalog) -> type:
    """A dataclass with the options' names, types and defaults, as OmegaConf wants a typed config to be."""
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
    """The default as a config states it; left to the constructor where it is a component that no plugin registers."""
    try:
        return catalog.as_config(option.default)
    except UnknownComponent:
        return MISSING


def compose_config(overrides: Sequence[str], catalog: Catalog) -> dict[str, Any]:
    """The configuration that Hydra composes from regnet's `conf/` and the overrides, as plain Python values.

    Raises:
        ConfigError: Hydra cannot compose it.
    """
    register_groups(catalog)
    with readable_errors(catalog), initialize_config_module(CONFIG_MODULE, version_base="1.3"):
        return plain(compose(CONFIG_NAME, overrides=with_search_path(overrides, catalog)))


def with_search_path(overrides: Sequence[str], catalog: Catalog) -> list[str]:
    """The overrides, with the folders in which plugins have config files added to Hydra's search path."""
    key = "hydra.searchpath="
    own = [override for override in overrides if not override.startswith(key)]
    asked = [override.removeprefix(key).strip("[]") for override in overrides if override.startswith(key)]
    paths = [*asked, *catalog.config_paths]
    return [*own, f"{key}[{','.join(paths)}]"] if paths else own


def plain(config: Any) -> dict[str, Any]:
    """A composed configuration without Hydra's own part, every reference resolved, as plain Python values."""
    container = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    assert isinstance(container, dict)
    hidden = ("hydra", "experiment", "contender")
    return {str(key): value for key, value in container.items() if key not in hidden}


def _config_type(annotation: Any) -> Any:
    """The closest type that OmegaConf knows: ranges and alternatives are checked later, by the catalog."""
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
