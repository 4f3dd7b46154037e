"""Saying that plugins are broken: once a command, in a line each, with what mends it."""

from __future__ import annotations

from rich.console import Console

from regnet.errors import PluginError
from regnet.registry.catalog import Catalog


def tell_of_broken(catalog: Catalog, *, strict: bool) -> None:
    """Says of each broken plugin what is wrong with it, once a command; with `strict`, raises PluginError."""
    if strict and catalog.broken:
        raise PluginError("--strict: " + "; ".join(map(str, catalog.broken)))
    for broken in catalog.broken:
        Console(stderr=True).print(f"regnet: {broken}", style="yellow", soft_wrap=True, highlight=False, markup=False)
