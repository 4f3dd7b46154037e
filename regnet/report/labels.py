"""What to call the studies of a launch: by the name they were given, else by what they differ in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regnet.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.results import StudyResult


def labels(results: Sequence[StudyResult]) -> list[str]:
    """A label for each study: its `study` setting, or ``lr=0.01, initializer=he_fan_out`` with what is not the same for all."""
    flat = [_flat(result.config) for result in results]
    differing = sorted({key for one in flat for key in one if len({repr(other.get(key)) for other in flat}) > 1})
    return [_label(result, one, differing) for result, one in zip(results, flat, strict=True)]


def _label(result: StudyResult, flat: dict[str, Any], differing: list[str]) -> str:
    if result.config.get("study") or not differing:
        return result.name
    short = {key: key.rpartition(".")[2] for key in differing}
    names = list(short.values())
    parts = []
    for key in differing:
        if key in flat:
            name = short[key] if names.count(short[key]) == 1 and short[key] != "name" else key.removesuffix(".name")
            parts.append(f"{name}={flat[key]}")
    return ", ".join(parts)


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if prefix or key not in SEED_KEYS | PRESENTATION_KEYS:
            found |= _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    return found
