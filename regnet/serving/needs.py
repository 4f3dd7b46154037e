"""What a network is made of: the distributions that have to be installed wherever it shall be used again."""

from __future__ import annotations

from collections.abc import Sequence

from regnet.errors import PluginError
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog
from regnet.registry.discovery import Provenance
from regnet.registry.selection import OWN, VARIABLE


def needs_of(network: Sequential, catalog: Catalog) -> list[Provenance]:
    """The distributions, or loose files, that the network's layers and their options come from, regnet's own first."""
    return sorted(catalog.origins(network), key=lambda origin: (origin.distribution != OWN, origin.distribution))


def check_needs(needs: Sequence[Provenance], catalog: Catalog) -> None:
    """Looks whether everything that a network is made of is here, in whatever version.

    Raises:
        PluginError: something is not; names each distribution, and what to do about it.
    """
    here = {origin.distribution for origin in catalog.plugins.origins.values()}
    missing = [_mend(need, catalog) for need in needs if need.distribution not in here]
    if missing:
        raise PluginError(f"the model cannot be used here: it needs {'; and '.join(missing)}")


def changes(needs: Sequence[Provenance], catalog: Catalog) -> str:
    """Which of these distributions have another version here, in words to end a sentence with; empty if none has."""
    here = {origin.distribution: origin for origin in catalog.plugins.origins.values()}
    changed = [need for need in needs if here[need.distribution].version != need.version]
    return "".join(f"; it was made with {need}, and here is {here[need.distribution]}" for need in changed)


def _mend(need: Provenance, catalog: Catalog) -> str:
    """What is missing, why, and how to get it."""
    for broken in catalog.broken:
        if broken.origin.distribution == need.distribution:
            return f"{need}, but {broken}"
    if need.distribution in {origin.distribution for origin in catalog.plugins.off}:
        return f"{need}, which {VARIABLE} switches off"
    if need.source.endswith(".py"):
        return f"the plugin file {need.distribution}: name it in {VARIABLE}"
    return f"{need}, which is not installed: pip install {need.distribution}=={need.version}"
