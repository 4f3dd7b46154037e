"""How to run studies again: commands that compose the same configurations, made from the configurations alone."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

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

    Each names the settings that are not at their defaults and were not `auto`, and the seeds.

    Raises:
        ConfigError: a component of a study is not installed.
    """
    composed = cache(lambda *choices: compose_config(choices, catalog))
    requests = [_request(result, composed) for result in results]
    sweep = _as_sweep(requests) if len(requests) > 1 else None
    return [_command("-m", sweep)] if sweep else [_command("", request.overrides) for request in requests]


def _request(result: StudyResult, composed: Callable[..., dict[str, Any]]) -> _Request:
    config = {key: value for key, value in result.config.items() if key not in NOT_COMPARED}
    names = {group: str(config[group]["name"]) for group in CHOICES}
    defaults = composed()
    chosen = {group: name for group, name in names.items() if name != defaults[group]["name"]}
    base = composed(*(f"{group}={name}" for group, name in chosen.items()))
    settings = {key: override_text(value) for key, value in _differences(config, {})}
    different = {key: override_text(value) for key, value in _differences(config, base)}
    overrides = {key: text for key, text in (chosen | different).items() if key not in result.automatic}
    return _Request(overrides | _seeds(result.seeds), settings | names)


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
