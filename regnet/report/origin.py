"""Where a launch's results come from, and what is known of it beside its numbers: when, by which command, with which weights."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import yaml  # type: ignore[import-untyped]
from torch import Tensor

from regnet.assemble import assemble
from regnet.catalog import Catalog
from regnet.discovery import Provenance
from regnet.results import StudyResult
from regnet.storage import find_results, load_result, load_weights

Weights: TypeAlias = Callable[[StudyResult, int], Mapping[str, Tensor] | None]
"""Gives the weights of a study's seed after training; None where they were not kept."""

OWN_OVERRIDES = ("hydra.run.dir=", "hydra.sweep.dir=", "hydra.mode=")
"""What `regnet run` itself adds to the overrides."""
SWEEP = "multirun.yaml"
JOB = ".hydra/hydra.yaml"


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


def from_folder(folder: Path, results: Sequence[StudyResult], catalog: Catalog) -> Origin:
    """The launch whose jobs lie in a folder, as Hydra left them."""
    sweep, job = folder / SWEEP, folder / JOB
    told = next((path for path in (sweep, job) if path.exists()), None)
    first = told or min(folder.rglob(JOB), key=lambda path: path.stat().st_mtime, default=None)
    origins = _origins(results, catalog)
    plugins = sorted({f"regnet {version('regnet')}", *map(str, origins)}, key=lambda one: (not one.startswith("regnet "), one))
    return Origin(
        launch=str(folder),
        weights=_FolderWeights(folder),
        started=datetime.fromtimestamp(first.stat().st_mtime) if first else None,
        command=_command(told, origins) if told else None,
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


def _command(told: Path, origins: Iterable[Provenance]) -> str:
    """The words after which Hydra wrote down what it had been told."""
    hydra = yaml.load(told.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["hydra"]
    given = [*hydra["overrides"]["hydra"], *hydra["overrides"]["task"]]
    words = ["regnet", "run", *(["-m"] if told.name == SWEEP else [])]
    for source in hydra["runtime"]["config_sources"]:
        if source["provider"] == "command-line":
            words += ["--config-dir", source["path"].removeprefix("file://")]
    for file in sorted(one.source for one in origins if not one.version):  # of no distribution
        words += ["--plugin", file]
    return shlex.join([*words, *(word for word in given if not word.startswith(OWN_OVERRIDES))])
