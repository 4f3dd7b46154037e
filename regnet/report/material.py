"""What a report is made from: a launch's studies, what they are called, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from regnet.registry.catalog import Catalog
from regnet.report.launch_info import Origin
from regnet.study.result import StudyResult


@dataclass(frozen=True)
class Material:
    """Some studies of one launch."""

    results: Sequence[StudyResult]
    names: Sequence[str]
    """By which a reader tells them apart, in the same order."""
    origin: Origin
    catalog: Catalog

    def of(self, places: Iterable[int]) -> Material:
        """The studies at these places alone."""
        chosen = list(places)
        return replace(self, results=[self.results[place] for place in chosen], names=[self.names[place] for place in chosen])
