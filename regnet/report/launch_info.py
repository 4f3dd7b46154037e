"""What a report is made from: a launch's studies, where they come from, and facts about the launch."""

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
"""Returns the weights of a study's seed after training; None if they were not kept."""

SWEEP = "multirun.yaml"
JOB = ".hydra/hydra.yaml"
"""The files that Hydra writes when a sweep and when a job starts."""


@dataclass(frozen=True)
class Origin:
    """A launch, as described by the folder or store that its results were read from."""

    launch: str
    weights: Weights
    started: datetime | None = None
    command: str | None = None
    """The command line; None if it was not kept."""
    versions: tuple[str, ...] = ()
    """Of regnet and of the distributions whose components are used, and the commit of the working directory."""


def from_folder(folder: Path, results: Sequence[StudyResult], catalog: Catalog, command: str | None = None) -> Origin:
    """Describe the launch whose jobs Hydra wrote into a folder; `command` is its command line."""
    written = [path.stat().st_mtime for path in (folder / SWEEP, *folder.rglob(JOB)) if path.exists()]
    origins = _origins(results, catalog)
    regnet = f"{OWN} {version(OWN)}"
    versions = [regnet, *sorted(set(map(str, origins)) - {regnet})]
    return Origin(
        launch=well_formed(str(folder)),
        weights=_FolderWeights(folder),
        started=datetime.fromtimestamp(min(written)) if written else None,
        command=command,
        versions=tuple(versions),
    )


class _FolderWeights:
    """The weights that the jobs in a folder saved, by study and seed."""

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
    """Return the distributions of the studies' components; configurations that differ in numbers alone have the same ones."""
    different = {tuple(_words(result.config)): result.config for result in results}
    return {origin for config in different.values() for origin in assemble({**config, "plugins": None}, catalog).origins}


def _words(value: Any) -> Iterable[str]:
    """Yield every string in a configuration with its path."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from (f"{key}={inner}",) if isinstance(inner, str) else (f"{key}.{word}" for word in _words(inner))


@dataclass(frozen=True)
class Material:
    """Studies of one launch, with what is needed to report on them."""

    results: Sequence[StudyResult]
    names: Sequence[str]
    """A distinct label for each study, in the same order."""
    origin: Origin
    catalog: Catalog

    def of(self, indices: Iterable[int]) -> Material:
        """Return the same with only the studies at these indices."""
        chosen = list(indices)
        return replace(self, results=[self.results[index] for index in chosen], names=[self.names[index] for index in chosen])
