"""What an MLflow store knows of a launch beside its numbers: the weights of its runs, when it began, and with which versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from safetensors.torch import load
from torch import Tensor

from regnet.report.launch_info import Origin
from regnet.serving.header import WEIGHTS
from regnet.study.result import StudyResult
from regnet.tracking.read.runs import ROLE, SUMMARY, TrackedRun, experiments, find_runs, read_artifact
from regnet.tracking.write.summary import COMMAND

COMMIT = "mlflow.source.git.commit"
COMMIT_DIGITS = 12


def from_store(client: MlflowClient, experiment: str, launch: str) -> Origin:
    """The launch as the runs of an experiment have it."""
    within = experiments(client, experiment)
    runs, summaries = (find_runs(client, within, role | {"regnet.launch": launch}) for role in (ROLE, SUMMARY))
    return Origin(
        launch=launch,
        weights=_StoredWeights(client, runs),
        started=datetime.fromtimestamp(min(run.start for run in runs) / 1000),
        command=next((run.tags[COMMAND] for run in summaries if COMMAND in run.tags), None),
        versions=tuple(_versions(runs)),
    )


class _StoredWeights:
    """The weights among the runs' files, found by study and seed."""

    def __init__(self, client: MlflowClient, runs: Iterable[TrackedRun]) -> None:
        self._client = client
        self._runs = {(run.study, run.seed): run for run in runs}

    def __call__(self, result: StudyResult, seed: int) -> Mapping[str, Tensor] | None:
        run = self._runs[result.identity, seed]
        try:
            return load(read_artifact(self._client, run.run_id, run.artifacts, WEIGHTS))
        except (MlflowException, OSError):  # deleted, or somewhere that this machine does not reach
            return None


def _versions(runs: Iterable[TrackedRun]) -> Iterator[str]:
    """Regnet's first, then those of other people's plugins, then the commits."""
    tags = [run.tags for run in runs]
    yield from sorted({f"regnet {one['regnet.version']}" for one in tags if "regnet.version" in one})
    plugins = {plugin for one in tags for plugin in one.get("regnet.plugins", "").split(", ") if plugin}
    yield from sorted(plugin for plugin in plugins if not plugin.startswith("regnet "))
    yield from sorted({f"commit {one[COMMIT][:COMMIT_DIGITS]}" for one in tags if COMMIT in one})
