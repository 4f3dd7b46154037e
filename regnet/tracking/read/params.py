"""Convert MLflow's parameters, which are strings, to Python values and nested configurations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

Value: TypeAlias = bool | int | float | str | None


@lru_cache(maxsize=10_000)
def value_of(text: str) -> Value:
    """Return the boolean, number or None that a string represents, or else the string itself.

    >>> [value_of(text) for text in ("True", "20", "1e-05", "None", "adam", "[25, 25]")]
    [True, 20, 1e-05, None, 'adam', '[25, 25]']
    """
    constants: dict[str, Value] = {"True": True, "False": False, "None": None}
    if text in constants:
        return constants[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def nested(params: Mapping[str, str]) -> dict[str, Any]:
    """Return parameters with dotted names as nested mappings; a list of mappings becomes a mapping with its indices as keys.

    >>> nested({"epochs": "5", "model.layers.0.name": "relu"})
    {'epochs': 5, 'model': {'layers': {'0': {'name': 'relu'}}}}
    """
    config: dict[str, Any] = {}
    for name, text in params.items():
        *path, last = name.split(".")
        inner = config
        for key in path:
            inner = inner.setdefault(key, {})
        inner[last] = value_of(text)
    return config
