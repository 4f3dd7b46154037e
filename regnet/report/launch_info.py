"""What a report is made from: a launch's studies, where they come from, and what is known beside their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from torch import Tensor

from regnet.config.build_study import assemble
from regnet.encoding import well_formed
from regnet.registry.catalog import Catalog
from regnet.registry.discovery import Provenance
from regnet.registry.selection import OWN
from regnet.study.result import StudyResult
from regnet.study.storage import find_results, load_result, load_weights

Weights: TypeAlias = Callable[[StudyResult, int], Mapping[str, Tensor] | None]
"""Gives the weights of a study's seed after training; None where they were not kept."""

SWEEP = "multirun.yaml"
JOB = ".hydra/hydra.yaml"
"""What Hydra writes when a sweep, and when a job, starts."""


@dataclass(frozen=True)
class Origin:
    """A launch, as the place that its results were read from knows it."""

    launch: str
    weights: Weights
    started: datetime | None = None
    command: str | None = None
    """What was typed; None where that was not kept."""
    versions: tuple[str, ...] = ()
    """Of regnet and of the distributions whose components take part, and the commit that the working directory was at."""


def from_folder(folder: Path, results: Sequence[StudyResult], catalog: Catalog, command: str | None = None) -> Origin:
    """The launch whose jobs lie in a folder, as Hydra left them; `command` is what was typed."""
    written = [path.stat().st_mtime for path in (folder / SWEEP, *folder.rglob(JOB)) if path.exists()]
    origins = _origins(results, catalog)
    own = f"{OWN} {version(OWN)}"
    plugins = [own, *sorted(set(map(str, origins)) - {own})]
    return Origin(
        launch=well_formed(str(folder)),
        weights=_FolderWeights(folder),
        started=datetime.fromtimestamp(min(written)) if written else None,
        command=command,
        versions=tuple(plugins),
    )


class _FolderWeights:
    """The weights that the jobs in a folder kept, found by study and seed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, result: StudyResult, seed: int) -> Mapping[str, Tensor] | None:
        job = self._jobs.get((result.identity, seed))
        return None if job is None else load_weights(job, seed) or None

    @cached_property
    def _jobs(self) -> dict[tuple[str, int], Path]:
        results = ((job, load_result(job)) for job in find_results(self._folder))
        return {(result.identity, seed): job for job, result in results for seed in result.seeds}


def _origins(results: Sequence[StudyResult], catalog: Catalog) -> set[Provenance]:
    """The distributions of the studies' components; numbers do not choose any, so that few configurations need to be looked at."""
    different = {tuple(_words(result.config)): result.config for result in results}
    return {one for config in different.values() for one in assemble({**config, "plugins": None}, catalog).origins}


def _words(value: Any) -> Iterable[str]:
    """Every text in a configuration, with its place."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from (f"{key}={inner}",) if isinstance(inner, str) else (f"{key}.{word}" for word in _words(inner))


@dataclass(frozen=True)
class Material:
    """Some studies of one launch."""

    results: Sequence[StudyResult]
    names: Sequence[str]
    """A distinct label for each study, in the same order."""
    origin: Origin
    catalog: Catalog

    def of(self, places: Iterable[int]) -> Material:
        """The studies at these places alone."""
        chosen = list(places)
        return replace(self, results=[self.results[place] for place in chosen], names=[self.names[place] for place in chosen])
