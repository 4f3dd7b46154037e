"""Which plugins there are, from the installed distributions' metadata alone: no plugin's code is imported here, nor torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from regnet.registry.selection import OWN, Policy, distribution_name

GROUP = "regnet"


@dataclass(frozen=True)
class Provenance:
    """Where a plugin comes from."""

    distribution: str
    """The distribution's name, or a loose file's."""
    version: str
    source: str
    """The entry point's value, such as ``regnet.builtin``, or a loose file's path."""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()

    def is_called(self, name: str) -> bool:
        """Whether this is the distribution of that name, in any spelling."""
        return distribution_name(self.distribution) == distribution_name(name)


@dataclass(frozen=True)
class Candidate:
    """A plugin that could be loaded."""

    name: str
    """What it goes by in the plugin manager: different for every candidate."""
    origin: Provenance
    load_from: EntryPoint | Path


def candidates(policy: Policy) -> Iterator[Candidate]:
    """Every plugin that is installed, regnet's own first, and every loose file that the policy names."""
    found = [(_provenance(entry), entry) for entry in entry_points(group=GROUP)]
    known = set()
    for origin, entry in sorted(found, key=lambda pair: (pair[0].distribution != OWN, pair[0].distribution, pair[1].name)):
        name = f"{origin.distribution}:{entry.name}"
        if name not in known:  # else the same distribution, found twice on sys.path
            known.add(name)
            yield Candidate(name, origin, entry)
    for file in policy.files:
        yield Candidate(str(file), Provenance(file.name, "", str(file)), file)


def _provenance(entry: EntryPoint) -> Provenance:
    if entry.dist is None:
        return Provenance("unknown", "unknown", entry.value)
    return Provenance(entry.dist.name, entry.dist.version, entry.value)
