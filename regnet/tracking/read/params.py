"""Parameters as values: MLflow keeps every one as a text, which is read back as what it was."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

Value: TypeAlias = bool | int | float | str | None


@lru_cache(maxsize=10_000)
def value_of(text: str) -> Value:
    """The truth value, number or nothing that a text stands for, else the text itself.

    >>> [value_of(text) for text in ("True", "20", "1e-05", "None", "adam", "[25, 25]")]
    [True, 20, 1e-05, None, 'adam', '[25, 25]']
    """
    named: dict[str, Value] = {"True": True, "False": False, "None": None}
    if text in named:
        return named[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def nested(params: Mapping[str, str]) -> dict[str, Any]:
    """The configuration that dotted names describe, as mappings within mappings; a list of mappings is one, by its places.

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
