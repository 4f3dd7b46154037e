"""Which components the contract tests go through, with the options that those without defaults need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regnet.registry.catalog import Catalog, Entry, load_catalog

FEATURES = 4
"""The number of features that layers are given."""

CATALOG: Catalog = load_catalog()
"""Loaded when tests are collected, since there is a test for each entry."""

REQUIRED: dict[tuple[str, str], dict[str, Any]] = {
    ("layer", "linear"): {"out_features": 3},
    ("layer", "residual"): {"layers": [{"name": "linear", "out_features": FEATURES}, "tanh"]},
}
"""Options without a default, by kind and name."""


def entries(kind: str) -> list[Entry]:
    """Every entry of a kind, in order of name."""
    return [entry for name in CATALOG.names(kind) for entry in CATALOG.entries[kind][name]]


def build(entry: Entry, **options: Any) -> Any:
    """The component with the options it needs, and those given."""
    needed = REQUIRED.get((entry.kind, entry.name), {})
    missing = {name for name, option in entry.options.items() if option.required} - needed.keys() - options.keys()
    assert not missing, f"{entry}: add its options without a default, {sorted(missing)}, to REQUIRED in {__file__}"
    return CATALOG.build(entry.kind, {"name": entry.name, **needed, **options})


def variants(kind: str, more: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Entry, dict[str, Any]]]:
    """Every entry of a kind as it is by default, then those of `more` with the options beside them: a label for each first."""
    for entry in entries(kind):
        yield entry.name, entry, {}
    for name, options in more:
        label = " ".join(f"{key}={value}" for key, value in options.items())
        yield f"{name} {label}".replace("'", ""), CATALOG.find(kind, name), options
