"""Hydra's config loader, for overrides and config files as people write them."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.types import ChoiceSweep, Override, OverrideType
from hydra.plugins.config_source import ConfigResult
from omegaconf import Container, DictConfig, ListConfig, OmegaConf, ValueNode, open_dict, read_write

from regnet.config.config_files import CheckedRepository
from regnet.config.overrides import override, parse, quoted, unquoted, written
from regnet.config.targets import check_hydra
from regnet.credentials import conceal, concealed, may_have_address
from regnet.errors import ConfigError, one_of
from regnet.registry.settings import GROUPS

COMPONENT_GROUPS = ("dataset", "loss", "optimizer")
"""The kinds of component that are config groups; layers and initializers are named inside a model."""
OPTIONAL_GROUPS = ("contender", "experiment")
"""The groups that need no choice."""


class Loader(ConfigLoaderImpl):
    """A config loader for Hydra.

    - A group that is switched off (``optimizer=null``) is an error that lists the choices; ``tracking=null`` is ``tracking=none``.
    - A mapping with the name of a component (``optimizer={name: nadam, lr: 0.03}``) starts from the defaults of that component, in
      overrides and in config files.
    - No password in an address stays in the configuration: see `regnet.credentials`.
    """

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self.repository = CheckedRepository(config_search_path)
        self._parsed: dict[str, Override] = {}
        self._meant: dict[tuple[str, str], list[str]] = {}
        self._known_choices: dict[str, list[str]] = {}
        self._loaded: dict[int, ConfigResult] = {}

    def load_configuration(self, config_name: str | None, overrides: list[str], *arguments: Any, **options: Any) -> DictConfig:
        """Return what Hydra's loader composes."""
        if "${" in str(Path.cwd()):
            raise ConfigError("the name of the working directory has ${ in it, which Hydra reads as an interpolation: change it")
        config = super().load_configuration(config_name, self.as_meant(overrides), *arguments, **options)
        _hide_passwords(config)
        check_hydra(config.hydra)
        return config

    def _process_config_searchpath(self, config_name: str | None, parsed_overrides: list[Override], repo: Any) -> None:
        """Refuse paths that are not there, of which Hydra only warns."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            super()._process_config_searchpath(config_name, parsed_overrides, repo)
        for source in repo.get_sources():
            if not source.available():
                raise ConfigError(
                    f"hydra.searchpath: there is no folder or package {source.path}; give a folder, or a package as pkg://NAME"
                )

    def as_meant(self, overrides: Sequence[str]) -> list[str]:
        """Return the overrides as Hydra takes them.

        Raises:
            ConfigError: one cannot be parsed, or switches off a group that is needed.
        """
        meant: list[str] = []
        for text in overrides:
            known = text, meant[-1] if meant else ""
            if known not in self._meant:
                self._meant[known] = self._as_meant(self._concealed(text), known[1])
            meant += self._meant[known]
        return meant

    def _concealed(self, text: str) -> str:
        """An override without the passwords in its addresses."""
        if not may_have_address(text):
            return text
        value = self._parse(text).value()
        values = value.list if isinstance(value, ChoiceSweep) else [value]
        hidden = [concealed(unquoted(item)) for item in values]
        same = hidden == [unquoted(item) for item in values]
        return text if same else f"{text.partition('=')[0]}={','.join(map(quoted, hidden))}"

    def _as_meant(self, text: str, before: str) -> list[str]:
        parsed = self._parse(text)
        key, value = parsed.key_or_group, parsed.value()
        if parsed.type == OverrideType.DEL:
            return self._without(key, text) if key in GROUPS and value is None else [text]
        if parsed.is_sweep_override() or parsed.package is not None:
            return [text]
        if isinstance(value, dict):
            return self._mapping(parsed, before) if isinstance(value.get("name"), str) else [text]
        if not self._choices(key) and key not in GROUPS:
            return [text]
        if value is None or value in ("", []):
            return self._without(key, text)
        if isinstance(value, list) and key in GROUPS:
            raise ConfigError(f"{text}: {key} takes one name: {one_of('', self._choices(key))}")
        return [text] if isinstance(value, (str, list)) else [override(key, text.partition("=")[2])]

    def _choices(self, group: str) -> list[str]:
        if group not in self._known_choices:
            self._known_choices[group] = self.get_group_options(group)
        return self._known_choices[group]

    def _parse(self, text: str) -> Override:
        if text not in self._parsed:
            self._parsed[text] = parse(text)
        return self._parsed[text]

    def _without(self, group: str, text: str) -> list[str]:
        """The overrides for a group that is switched off."""
        if group in OPTIONAL_GROUPS:
            return []
        if group == "tracking":
            return ["tracking=none"]
        raise ConfigError(f"{text}: a run needs {group}=NAME: {one_of('', self._choices(group))}")

    def _mapping(self, parsed: Override, before: str) -> list[str]:
        """The overrides for a mapping that names a component, which does not keep the options of the component before."""
        key, values = parsed.key_or_group, cast(dict[Any, Any], parsed._value)
        prefix = {OverrideType.ADD: "+", OverrideType.FORCE_ADD: "++"}.get(parsed.type, "")
        if key in GROUPS and not prefix:
            name = str(cast(dict[str, Any], parsed.value())["name"])
            return [f"{key}={name}", *(written(f"{key}.{option}", value) for option, value in values.items() if option != "name")]
        cleared = f"{prefix}{key}=null"
        return [parsed.input_line or ""] if before == cleared else [cleared, parsed.input_line or ""]

    def _compose_config_from_defaults_list(self, defaults: list[ResultDefault], repo: Any) -> DictConfig:
        """Merge config files; a mapping that names a component replaces what the files before it have said of its kind."""
        loaded = [super(Loader, self)._load_single_config(default, repo) for default in defaults]
        for kind in COMPONENT_GROUPS:
            naming = [index for index, result in enumerate(loaded) if _named(result, kind) is not None]
            if naming:
                result = loaded[naming[-1]]
                whole = OmegaConf.merge(_named(result, kind), result.config[kind])
                loaded[naming[-1]] = _with(result, kind, whole)
                for index in range(naming[-1]):
                    loaded[index] = _with(loaded[index], kind, None)
        self._loaded = {id(default): result for default, result in zip(defaults, loaded, strict=True)}
        return super()._compose_config_from_defaults_list(defaults, repo)

    def _load_single_config(self, default: ResultDefault, repo: Any) -> ConfigResult:
        return self._loaded[id(default)]


def _named(loaded: ConfigResult, kind: str) -> Any:
    """The schema of the component that a mapping in a config file names; None if there is no such mapping or component."""
    given = loaded.config.get(kind) if isinstance(loaded.config, DictConfig) and not loaded.is_schema_source else None
    if not isinstance(given, DictConfig) or OmegaConf.get_type(given) is not dict or OmegaConf.is_missing(given, "name"):
        return None
    found = cast(dict[str, Any], ConfigStore.instance().repo.get(kind, {})).get(f"{given.get('name')}.yaml")
    return None if found is None else found.node


def _with(loaded: ConfigResult, kind: str, value: Any) -> ConfigResult:
    """A config file's content with another value of a kind; without it if the value is None."""
    if value is None and (kind not in loaded.config or OmegaConf.is_missing(loaded.config, kind)):
        return loaded
    config = copy.copy(cast(DictConfig, loaded.config))
    with open_dict(config):
        config.pop(kind)
        if value is not None:
            config[kind] = value
    return replace(loaded, config=config)


def _hide_passwords(config: Container) -> None:
    """Conceal the passwords in the addresses of a configuration, except in interpolations, which have none."""
    for key in config.keys() if isinstance(config, DictConfig) else range(len(cast(ListConfig, config))):
        node = config._get_node(key)
        if isinstance(node, Container) and not (node._is_none() or node._is_missing() or node._is_interpolation()):
            _hide_passwords(node)
        elif (
            isinstance(node, ValueNode)
            and isinstance(text := node._value(), str)
            and may_have_address(text)
            and not node._is_interpolation()
        ):
            with read_write(node):
                node._set_value(conceal(text))
