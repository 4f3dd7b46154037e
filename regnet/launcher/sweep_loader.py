"""Composing a sweep quickly: Hydra composes one job of each structure, and the others differ from it in a few values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from omegaconf import DictConfig, OmegaConf, ValueNode
from omegaconf.errors import OmegaConfBaseException

from regnet.gc_pause import making_what_stays
from regnet.launcher.copy_config import copy_config

PLAIN_KEY = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
PLAIN_TYPES = (bool, int, float, str)


class SweepLoader(ConfigLoaderImpl):
    """Hydra's config loader, for which a job of a sweep costs about a millisecond instead of fifty.

    Jobs have one structure if their overrides differ only in the values of plain options: numbers, switches and texts, set by
    ``key=value``. The first job of a structure is composed by Hydra; any other is a copy of it with its own values set, by the
    call by which Hydra sets them. Whatever else an override may do (choose from a group, add, delete, set a list)
    belongs to the structure. Where a value cannot be set, Hydra composes the job, and reports why.

    Sweepers have all jobs composed to see whether they can be, and drop them: they are kept for the launcher, which asks next.
    """

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self._parsed: dict[str, Override] = {}
        self._counted: dict[str, Override] = {}
        self._groups: dict[tuple[str, ...], bool] = {}
        self._templates: dict[tuple[str, ...], DictConfig | None] = {}
        self._kept: dict[tuple[object, ...], DictConfig] = {}

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The configuration of one job, as Hydra's own loader composes it; raises what that raises."""
        key = (id(master_config), str(Path.cwd()), *sweep_overrides)
        found = self._kept.pop(key, None)
        if found is None or not OmegaConf.is_missing(found.hydra.job, "num"):  # a launcher has made it a job's own
            return self._compose(master_config, sweep_overrides, key)
        OmegaConf.copy_cache(from_config=master_config, to_config=found)
        return found

    def _compose(self, master_config: DictConfig, sweep_overrides: list[str], key: tuple[object, ...]) -> DictConfig:
        always = cast(list[str], OmegaConf.to_container(master_config.hydra.overrides.hydra))
        base = (str(master_config.hydra.job.config_name), *always)
        overrides = [self._parse(text) for text in sweep_overrides]
        settings = [override for override in overrides if not self._chooses(override, base)]
        plain = {id(override): override for override in settings if _is_plain(override)}
        fixed = [str(override.key_or_group if id(override) in plain else override.input_line) for override in overrides]
        structure = (str(Path.cwd()), *base, "", *fixed)
        if structure not in self._templates:
            composed = super().load_sweep_config(master_config, sweep_overrides)
            self._templates[structure] = composed if _can_be_set(list(plain.values()), settings, composed) else None
        template = self._templates[structure]
        if template is not None:
            try:
                with making_what_stays():  # a sweep's jobs, all of which are made before the first is launched
                    derived = self._kept[key] = _derive(template, list(plain.values()), overrides, master_config)
                return derived
            except OmegaConfBaseException:
                pass  # Hydra reports what is wrong with the value
        return super().load_sweep_config(master_config, sweep_overrides)

    def _parse(self, text: str) -> Override:
        """An override as Hydra reads it; it is not parsed where only its whole number differs from an earlier override's."""
        if text not in self._parsed:
            key, _, value = text.partition("=")
            whole = WHOLE_NUMBER.fullmatch(value) is not None
            if whole and key in self._counted:
                self._parsed[text] = replace(self._counted[key], _value=int(value), input_line=text)
            else:
                self._parsed[text] = OverridesParser.create().parse_overrides([text])[0]
            if whole:
                self._counted[key] = self._parsed[text]
        return self._parsed[text]

    def _chooses(self, override: Override, base: tuple[str, ...]) -> bool:
        """Whether it chooses from a config group, and does not set a value."""
        key = (override.key_or_group, *base)
        if key not in self._groups:
            self._groups[key] = bool(self.get_group_options(override.key_or_group, None, base[0], list(base[1:])))
        return self._groups[key] and not isinstance(override.value(), dict)


def _is_plain(override: Override) -> bool:
    """Whether it sets an option to a number, a switch or a text."""
    return (
        override.type is OverrideType.CHANGE
        and override.value_type is ValueType.ELEMENT
        and override.package is None
        and not override.is_hydra_override()
        and PLAIN_KEY.fullmatch(override.key_or_group) is not None
        and type(override.value()) in PLAIN_TYPES
    )


def _can_be_set(plain: Sequence[Override], settings: Sequence[Override], composed: DictConfig) -> bool:
    """Whether setting the plain options again, to other values, is all that distinguishes another job from this one."""
    return (
        not composed.hydra.job.env_copy
        and not any(override.is_hydra_override() for override in settings)
        and all(_is_leaf(composed, override.key_or_group) for override in plain)
        and not any(
            _overlap(first.key_or_group, second.key_or_group) for first in plain for second in settings if first is not second
        )
    )


def _is_leaf(config: DictConfig, key: str) -> bool:
    """Whether a key leads to a value by no reference to another part of the configuration."""
    *path, last = key.split(".")
    for name in path:
        child = config._get_node(name)
        if not isinstance(child, DictConfig) or child._is_interpolation():
            return False
        config = child
    return isinstance(config._get_node(last), ValueNode)


def _overlap(key: str, other: str) -> bool:
    """Whether one of two keys is the other, or lies within it."""
    return key == other or key.startswith(f"{other}.") or other.startswith((f"{key}.", f"{key}["))


def _derive(template: DictConfig, plain: Sequence[Override], overrides: Sequence[Override], master: DictConfig) -> DictConfig:
    """A copy of a composed job, with other values for its plain options."""
    config = copy_config(template)
    for override in plain:
        OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
    hydra = config.hydra
    job, task = hydra.job, hydra.overrides.task
    for index, override in enumerate(overrides):
        if task._get_node(index)._value() != override.input_line:
            task[index] = override.input_line
    style = job.config.override_dirname
    job.override_dirname = get_overrides_dirname(list(overrides), style.exclude_keys, style.item_sep, style.kv_sep)
    OmegaConf.copy_cache(from_config=master, to_config=config)
    return config
