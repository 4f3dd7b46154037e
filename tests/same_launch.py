"""Whether two launches of the same command, in two folders, have the same results and the same runs in their stores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from regnet.study.storage import find_results, load_result

CHANGING = {
    "mlflow.runName",
    "mlflow.note.content",
    "regnet.machine",
    "regnet.launch_id",
    "regnet.owner",
    "regnet.heartbeat",
    "regnet.command",
}
"""The tags that two launches cannot have in common."""


@dataclass(frozen=True)
class Store:
    """The runs of a launch in a store: those of an experiment."""

    uri: str
    experiment: str = "regnet"
    served: Path | None = None
    """Where a server keeps the artifacts."""

    @classmethod
    def file(cls, database: Path, experiment: str = "regnet") -> Store:
        """The runs in an SQLite file, which a server may have written."""
        return cls(f"sqlite:///{database}", experiment, database.parent / "mlartifacts")

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.uri)

    def runs(self) -> dict[tuple[str, str, str], Run]:
        """The runs, by what they are."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        assert experiment is not None
        found = self.client.search_runs([experiment.experiment_id], max_results=1000)
        named = {
            (run.data.tags["regnet.role"], run.data.tags["regnet.study"], run.data.tags.get("regnet.seed", "")): run
            for run in found
        }
        assert len(named) == len(found), "a run is there twice"
        return named

    def points(self, run: Run, name: str) -> list[tuple[int, float]]:
        return sorted((point.step, point.value) for point in self.client.get_metric_history(run.info.run_id, name))

    def files(self, run: Run) -> dict[str, bytes]:
        """The weights, also if a server keeps them."""
        there = run.info.artifact_uri.replace("mlflow-artifacts:", str(self.served))
        return {path.name: path.read_bytes() for path in Path(there).glob("*.safetensors")}


def assert_same_store(folder: Path, other: Path) -> None:
    """Two stores have the same runs: statuses, parameters, metrics of every epoch, tags, data sets and files."""
    assert_same_runs(Store.file(folder / "mlflow.db"), Store.file(other / "mlflow.db"))


def assert_same_runs(store: Store, other: Store) -> None:
    ours, theirs = store.runs(), other.runs()
    assert ours.keys() == theirs.keys(), f"{ours.keys() ^ theirs.keys()} are only in one"
    for key, run in ours.items():
        same = theirs[key]
        _check(key, "status", run.info.status, same.info.status)
        _check(key, "parameters", _params(run), _params(same))
        _check(key, "tags", _tags(run), _tags(same))
        _check(key, "metrics", _untimed(run.data.metrics), _untimed(same.data.metrics))
        for name in _untimed(run.data.metrics) if key[0] == "run" else ():  # a summary run is updated
            _check(key, name, store.points(run, name), other.points(same, name))
        _check(key, "data sets", _datasets(run), _datasets(same))
        _check(key, "files", store.files(run), other.files(same))


def _check(key: tuple[str, str, str], what: str, ours: Any, theirs: Any) -> None:
    if ours == theirs:
        return
    if isinstance(ours, dict):
        shown = {
            name: (ours.get(name), theirs.get(name)) for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
        }
    else:
        shown = {
            "only here": [item for item in ours if item not in theirs],
            "only there": [item for item in theirs if item not in ours],
        }
        shown["lengths"] = (len(ours), len(theirs))
    raise AssertionError(f"{key}: {what} differ: {str(shown)[:500]}")


def _tags(run: Run) -> dict[str, str]:
    return {key: value for key, value in run.data.tags.items() if key not in CHANGING}


def _params(run: Run) -> dict[str, str]:
    return {key: value for key, value in run.data.params.items() if not key.startswith("tracking.")}


def _untimed(metrics: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if not name.startswith("time/")}


def _datasets(run: Run) -> list[tuple[str, str]]:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return sorted((item.dataset.name, item.dataset.digest) for item in inputs)


def assert_same_results(folder: Path, other: Path) -> None:
    ours, theirs = (list(find_results(each)) for each in (folder, other))
    assert [path.relative_to(folder) for path in ours] == [path.relative_to(other) for path in theirs]
    for one, two in zip(ours, theirs, strict=True):
        first, second = load_result(one), load_result(two)
        assert (first.seeds, first.identity, first.failures) == (second.seeds, second.identity, second.failures)
        for name, values in first.history.items():
            np.testing.assert_array_equal(values, second.history[name])
