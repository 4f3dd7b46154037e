"""How to run studies again: commands that compose the same configurations, made from the configurations alone."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from regnet.config.compose import compose_config
from regnet.registry.catalog import Catalog
from regnet.study.result import StudyResult

CHOICES = ("model", "dataset", "loss", "optimizer", "engine", "tracking")
"""The configuration groups from which a name chooses."""
NOT_COMPARED = ("seed", "seeds", "plugins")
PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf)$)[A-Za-z_][\w./:@-]*", re.IGNORECASE)
"""Text that Hydra reads as text without quotes."""


@dataclass(frozen=True)
class _Request:
    """The settings of a study that are not at their defaults, and these defaults, values as Hydra reads them."""

    overrides: Mapping[str, str]
    base: Mapping[str, str]
    """The configuration that the same choice of components composes to without further overrides."""


def commands(results: Sequence[StudyResult], catalog: Catalog) -> list[str]:
    """Return the commands that train these studies: one command if they are all combinations of some values, else one for each.

    Each names the settings that are not at their defaults, and the seeds.

    Raises:
        ConfigError: a component of a study is not installed.
    """
    composed = cache(lambda *choices: compose_config(choices, catalog))
    requests = [_request(result, composed) for result in results]
    sweep = _as_sweep(requests) if len(requests) > 1 else None
    return [_command("-m", sweep)] if sweep else [_command("", request.overrides) for request in requests]


def _request(result: StudyResult, composed: Callable[..., dict[str, Any]]) -> _Request:
    config = {key: value for key, value in result.config.items() if key not in NOT_COMPARED}
    defaults = composed()
    chosen = {group: str(config[group]["name"]) for group in CHOICES if config[group]["name"] != defaults[group]["name"]}
    base = composed(*(f"{group}={name}" for group, name in chosen.items()))
    names = {group: str(base[group]["name"]) for group in CHOICES}
    return _Request(chosen | dict(_differences(config, base)) | _seeds(result.seeds), dict(_differences(base, {})) | names)


def _differences(config: Mapping[str, Any], base: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values that differ from the base, by dotted name."""
    for key, value in config.items():
        known = base.get(key, {})
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            yield from _differences(value, known, f"{prefix}{key}.")
        elif key not in base or value != known:
            yield f"{prefix}{key}", hydra_text(value)


def _seeds(seeds: Sequence[int]) -> dict[str, str]:
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return {"seed": str(seeds[0]), "seeds": str(len(seeds))} if seeds[0] else {"seeds": str(len(seeds))}
    return {"seeds": hydra_text(list(seeds))}


def _as_sweep(requests: Sequence[_Request]) -> dict[str, str] | None:
    """Return one set of overrides, some with several values, whose combinations are exactly these; None if there is none."""
    keys = list(dict.fromkeys(key for request in requests for key in request.overrides))
    if any(key not in request.overrides and key not in request.base for request in requests for key in keys):
        return None
    rows = [tuple(request.overrides.get(key) or request.base[key] for key in keys) for request in requests]
    values = [list(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
    if math.prod(map(len, values)) != len(set(rows)):
        return None
    return {key: ",".join(choices) for key, choices in zip(keys, values, strict=True)}


def _command(flag: str, words: Mapping[str, str]) -> str:
    return shlex.join(["regnet", "run", *filter(None, [flag]), *(f"{key}={value}" for key, value in words.items())])


def hydra_text(value: Any) -> str:
    """Format a value in the grammar of Hydra's overrides."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{hydra_text(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(hydra_text, value)) + "]"
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) else _quoted(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(text: str) -> str:
    """Return the text in quotes; backslashes are doubled only before a quote."""
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text)
    return f"'{escaped}'"
