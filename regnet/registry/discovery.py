"""Find plugins by the metadata of the installed distributions alone: neither plugins nor torch are imported here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from regnet.registry.selection import OWN, Policy, distribution_name

GROUP = "regnet"


@dataclass(frozen=True)
class Provenance:
    """The origin of a plugin."""

    distribution: str
    """The name of the distribution, or of a loose file."""
    version: str
    source: str
    """The entry point's value, such as ``regnet.builtin``, or a loose file's path."""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()

    def is_called(self, name: str) -> bool:
        """Whether the distribution has this name, in any spelling."""
        return distribution_name(self.distribution) == distribution_name(name)


@dataclass(frozen=True)
class Candidate:
    """A plugin that could be loaded."""

    name: str
    """Its unique name in the plugin manager."""
    origin: Provenance
    load_from: EntryPoint | Path


def candidates(policy: Policy) -> Iterator[Candidate]:
    """Every installed plugin, regnet's own first, then every loose file that the policy names."""
    found = [(_provenance(entry), entry) for entry in entry_points(group=GROUP)]
    known = set()
    for origin, entry in sorted(found, key=lambda pair: (pair[0].distribution != OWN, pair[0].distribution, pair[1].name)):
        name = f"{origin.distribution}:{entry.name}"
        if name not in known:  # else the same distribution, found twice on sys.path
            known.add(name)
            yield Candidate(name, origin, entry)
    names = [file.name for file in policy.files]
    for file in policy.files:
        yield Candidate(str(file), Provenance(file.name if names.count(file.name) == 1 else str(file), "", str(file)), file)


def _provenance(entry: EntryPoint) -> Provenance:
    if entry.dist is None:
        return Provenance("unknown", "unknown", entry.value)
    return Provenance(entry.dist.name, entry.dist.version, entry.value)
