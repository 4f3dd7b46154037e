"""The distributions that a network needs: they have to be installed to load it."""

from __future__ import annotations

from collections.abc import Sequence

from regnet.errors import PluginError
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog
from regnet.registry.discovery import Provenance
from regnet.registry.selection import OWN, VARIABLE


def needs_of(network: Sequential, catalog: Catalog) -> list[Provenance]:
    """Return the distributions, or loose files, of the network's layers and their options, regnet first."""
    return sorted(catalog.origins(network), key=lambda origin: (origin.distribution != OWN, origin.distribution))


def check_needs(needs: Sequence[Provenance], catalog: Catalog) -> None:
    """Check that everything that a network needs is installed, in any version.

    Raises:
        PluginError: something is missing; the message names each distribution and a remedy.
    """
    here = {origin.distribution for origin in catalog.plugins.origins.values()}
    missing = [_describe_missing(need, catalog) for need in needs if need.distribution not in here]
    if missing:
        raise PluginError(f"the model cannot be used here: it needs {'; and '.join(missing)}")


def changes(needs: Sequence[Provenance], catalog: Catalog) -> str:
    """Return the distributions whose version here differs, worded as the end of a sentence; empty if there are none."""
    here = {origin.distribution: origin for origin in catalog.plugins.origins.values()}
    changed = [need for need in needs if here[need.distribution].version != need.version]
    return "".join(f"; it was made with {need}, and here is {here[need.distribution]}" for need in changed)


def _describe_missing(need: Provenance, catalog: Catalog) -> str:
    """Say what is missing, why, and how to get it."""
    for broken in catalog.broken:
        if broken.origin.distribution == need.distribution:
            return f"{need}, but {broken}"
    if need.distribution in {origin.distribution for origin in catalog.plugins.off}:
        return f"{need}, which {VARIABLE} switches off"
    if need.source.endswith(".py"):
        return f"the plugin file {need.distribution}: name it in {VARIABLE}"
    return f"{need}, which is not installed: pip install {need.distribution}=={need.version}"
