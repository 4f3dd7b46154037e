"""How to run studies again: commands that compose the same configurations, made from the configurations alone."""

from __future__ import annotations

import copy
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from regnet.config.automatic import DataFacts, resolve
from regnet.config.build_study import data_facts
from regnet.config.compose import compose_config
from regnet.config.override_text import override_text
from regnet.registry.catalog import Catalog
from regnet.study.result import StudyResult

CHOICES = ("model", "dataset", "loss", "optimizer", "engine", "tracking")
"""The configuration groups from which a name chooses."""
NOT_COMPARED = ("seed", "seeds", "plugins")


@dataclass(frozen=True)
class _Request:
    """The settings of a study that the command must name, and all of its settings, values as Hydra reads them."""

    overrides: Mapping[str, str]
    settings: Mapping[str, str]


def commands(results: Sequence[StudyResult], catalog: Catalog) -> list[str]:
    """Return the commands that train these studies: one command if they are all combinations of some values, else one for each.

    Each names the settings that are neither at their defaults nor what `auto` becomes, and the seeds.

    Raises:
        ConfigError: a component of a study is not installed.
    """
    composer = _Composer(catalog)
    requests = [_request(result, composer) for result in results]
    sweep = _as_sweep(requests) if len(requests) > 1 else None
    return [_command("-m", sweep)] if sweep else [_command("", request.overrides) for request in requests]


class _Composer:
    """Composes configurations with the values that `auto` has for the data of a study."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._composed: dict[tuple[str, ...], dict[str, Any]] = {}
        self._facts: dict[str, DataFacts | None] = {}

    def compose(self, overrides: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the overrides compose to, given a study's configuration, which has its data."""
        choices = tuple(f"{group}={name}" for group, name in overrides.items() if group in CHOICES)
        if choices not in self._composed:
            self._composed[choices] = compose_config(choices, self._catalog)
        base = copy.deepcopy(self._composed[choices])
        for name, value in overrides.items():
            if name not in CHOICES:
                _set(base, name.split("."), value)
        facts = self._facts_of(config)
        return base if facts is None else resolve(base, facts, self._catalog)

    def _facts_of(self, config: Mapping[str, Any]) -> DataFacts | None:
        """The facts about a study's data; None if they cannot be loaded any more, so that `auto` is not known."""
        key = str([config.get(name) for name in ("dataset", "validation", "seed", "seeds")])
        if key not in self._facts:
            self._facts[key] = None
            with suppress(Exception):  # whatever a data set raises
                self._facts[key] = data_facts({**config, "plugins": None}, self._catalog)
        return self._facts[key]


def _request(result: StudyResult, composer: _Composer) -> _Request:
    config = {key: value for key, value in result.config.items() if key not in NOT_COMPARED}
    overrides: dict[str, Any] = {}
    while True:
        base = composer.compose(overrides, result.config)
        names = {group: config[group]["name"] for group in CHOICES if config[group]["name"] != base[group]["name"]}
        new = {key: value for key, value in (names or dict(_differences(config, base))).items() if key not in overrides}
        if not new:
            break
        overrides |= new
    texts = {key: str(value) if key in CHOICES else override_text(value) for key, value in _names_first(overrides).items()}
    settings = {key: override_text(value) for key, value in _differences(config, {})}
    return _Request(texts | _seeds(result.seeds), settings | {group: str(config[group]["name"]) for group in CHOICES})


def _names_first(overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {group: overrides[group] for group in CHOICES if group in overrides} | dict(overrides)


def _set(config: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        config = config.setdefault(name, {})
    config[path[-1]] = value


def _differences(config: Mapping[str, Any], base: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values that differ from the base, by dotted name."""
    for key, value in config.items():
        known = base.get(key, {})
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            yield from _differences(value, known, f"{prefix}{key}.")
        elif key not in base or value != known:
            yield f"{prefix}{key}", value


def _seeds(seeds: Sequence[int]) -> dict[str, str]:
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return {"seed": str(seeds[0]), "seeds": str(len(seeds))} if seeds[0] else {"seeds": str(len(seeds))}
    return {"seeds": override_text(list(seeds))}


def _as_sweep(requests: Sequence[_Request]) -> dict[str, str] | None:
    """Return one set of overrides, some with several values, whose combinations are exactly these; None if there is none."""
    named = dict.fromkeys(key for request in requests for key in request.overrides)
    keys = sorted(named, key=lambda key: key in ("seed", "seeds"))  # these last
    if any(key not in request.overrides and key not in request.settings for request in requests for key in keys):
        return None
    rows = [tuple(request.overrides.get(key) or request.settings[key] for key in keys) for request in requests]
    values = [list(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
    if math.prod(map(len, values)) != len(set(rows)):
        return None
    return {key: ",".join(choices) for key, choices in zip(keys, values, strict=True)}


def _command(flag: str, words: Mapping[str, str]) -> str:
    return shlex.join(["regnet", "run", *filter(None, [flag]), *(f"{key}={value}" for key, value in words.items())])
