"""What an MLflow store holds about a launch besides metrics: the weights of its runs, its start time and its versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from safetensors.torch import load
from torch import Tensor

from regnet.registry.selection import OWN
from regnet.report.launch_info import Origin
from regnet.serving.header import WEIGHTS
from regnet.study.result import StudyResult
from regnet.tracking.store.store import ROLE, SUMMARY, Store, TrackedRun
from regnet.tracking.write.summary import COMMAND

COMMIT = "mlflow.source.git.commit"
COMMIT_DIGITS = 12


def from_store(store: Store, experiment: str, launch: str) -> Origin:
    """The launch as the runs of an experiment have it."""
    within = store.experiments(experiment)
    runs, summaries = (store.find_runs(within, role | {"regnet.launch": launch}) for role in (ROLE, SUMMARY))
    return Origin(
        launch=launch,
        weights=_StoredWeights(store, runs),
        started=datetime.fromtimestamp(min(run.start for run in runs) / 1000),
        command=next((run.tags[COMMAND] for run in summaries if COMMAND in run.tags), None),
        versions=tuple(_versions(runs)),
    )


class _StoredWeights:
    """The weights among the runs' artifacts, by study and seed."""

    def __init__(self, store: Store, runs: Iterable[TrackedRun]) -> None:
        self._store = store
        self._runs = {(run.study, run.seed): run for run in runs}

    def __call__(self, result: StudyResult, seed: int) -> Mapping[str, Tensor] | None:
        run = self._runs[result.identity, seed]
        try:
            return load(self._store.artifact(run, WEIGHTS))
        except OSError:  # deleted, or somewhere that this machine does not reach
            return None


def _versions(runs: Iterable[TrackedRun]) -> Iterator[str]:
    """Regnet's first, then those of other people's plugins, then the commits."""
    tags = [run.tags for run in runs]
    yield from sorted({f"{OWN} {one['regnet.version']}" for one in tags if "regnet.version" in one})
    plugins = {plugin for one in tags for plugin in one.get("regnet.plugins", "").split(", ") if plugin}
    yield from sorted(plugin for plugin in plugins if not plugin.startswith(f"{OWN} "))
    yield from sorted({f"commit {one[COMMIT][:COMMIT_DIGITS]}" for one in tags if COMMIT in one})
