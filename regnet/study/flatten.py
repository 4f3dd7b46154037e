"""Configurations as flat mappings by dotted name, and the names in which several of them differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def flatten(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration's values by dotted name; a list of mappings is a mapping by index, any other list is a value.

    >>> flatten({"epochs": 5, "model": {"hidden": [8, 8], "layers": [{"name": "relu"}]}})
    {'epochs': 5, 'model.hidden': [8, 8], 'model.layers.0.name': 'relu'}
    """
    flat: dict[str, Any] = {}
    for key, value in config.items():
        inner = _as_mapping(value)
        flat |= {str(key): value} if inner is None else {f"{key}.{name}": leaf for name, leaf in flatten(inner).items()}
    return flat


def differing_names(flat: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names whose values are not the same in all flat configurations that have them."""
    names = dict.fromkeys(name for config in flat for name in config)
    return [name for name in names if len({str(config[name]) for config in flat if name in config}) > 1]


def _as_mapping(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return {str(index): item for index, item in enumerate(value)}
    return None
