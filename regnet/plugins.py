"""Finding plugins: each entry point of the group `regnet` is loaded on its own, and what became of it is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from regnet import hookspecs

GROUP = "regnet"


@dataclass(frozen=True)
class Provenance:
    """Where a plugin comes from."""

    distribution: str
    version: str
    entry_point: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True)
class Broken:
    """A plugin that could not be used, and why, in a line."""

    origin: Provenance
    reason: str


@dataclass(frozen=True)
class Plugins:
    """Every plugin that was found: the manager that calls the hooks of those that work, and whose each one is."""

    manager: pluggy.PluginManager
    origins: dict[str, Provenance]
    """For each plugin's name in the manager, where it comes from."""
    broken: tuple[Broken, ...]


def load_plugins() -> Plugins:
    """Loads every installed plugin anew; one that fails is recorded and does not keep the others from loading."""
    manager = pluggy.PluginManager("regnet")
    manager.add_hookspecs(hookspecs)
    origins: dict[str, Provenance] = {}
    broken: list[Broken] = []
    for entry in sorted(entry_points(group=GROUP), key=_distribution_first):
        origin = _provenance(entry)
        name = f"{origin.distribution}:{entry.name}"
        if name in origins:  # the same distribution found twice on sys.path
            continue
        try:
            manager.register(entry.load(), name)
        except Exception as error:  # whatever a stranger's module raises: it is their plugin that is broken, not ours
            broken.append(Broken(origin, f"{type(error).__name__}: {error}"))
        else:
            origins[name] = origin
    return Plugins(manager, origins, tuple(broken))


def _provenance(entry: EntryPoint) -> Provenance:
    if entry.dist is None:
        return Provenance("unknown", "unknown", entry.value)
    return Provenance(entry.dist.name, entry.dist.version, entry.value)


def _distribution_first(entry: EntryPoint) -> tuple[bool, str, str]:
    origin = _provenance(entry)
    return origin.distribution != "regnet", origin.distribution, entry.name
