"""Whether two launches of the same command, in two folders, have the same results and the same runs in their stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from regnet.study.storage import find_results, load_result

CHANGING = {"mlflow.runName", "mlflow.note.content", "regnet.machine", "regnet.launch_id", "regnet.owner"}
"""The tags that two launches cannot have in common."""


def runs(folder: Path) -> dict[tuple[str, str, str], Run]:
    """The runs in a store, by what they are."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("regnet")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], max_results=1000)
    named = {
        (run.data.tags["regnet.role"], run.data.tags["regnet.study"], run.data.tags.get("regnet.seed", "")): run for run in found
    }
    assert len(named) == len(found), "a run is there twice"
    return named


def assert_same_store(folder: Path, other: Path) -> None:
    """Two stores have the same runs: statuses, parameters, metrics of every epoch, tags, data sets and files."""
    ours, theirs = runs(folder), runs(other)
    assert ours.keys() == theirs.keys()
    for key, run in ours.items():
        same = theirs[key]
        assert run.info.status == same.info.status
        assert run.data.params == same.data.params
        assert _tags(run) == _tags(same)
        assert _untimed(run.data.metrics) == _untimed(same.data.metrics)
        for name in _untimed(run.data.metrics):
            assert _points(folder, run, name) == _points(other, same, name)
        assert _datasets(run) == _datasets(same)
        assert _files(folder, run) == _files(other, same)


def _tags(run: Run) -> dict[str, str]:
    return {key: value for key, value in run.data.tags.items() if key not in CHANGING}


def _untimed(metrics: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if not name.startswith("time/")}


def _points(folder: Path, run: Run, name: str) -> list[tuple[int, float]]:
    history = MlflowClient(f"sqlite:///{folder}/mlflow.db").get_metric_history(run.info.run_id, name)
    return sorted((point.step, point.value) for point in history)


def _datasets(run: Run) -> list[tuple[str, str]]:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return sorted((item.dataset.name, item.dataset.digest) for item in inputs)


def _files(folder: Path, run: Run) -> dict[str, bytes]:
    location = Path(run.info.artifact_uri)
    return {path.name: path.read_bytes() for path in location.glob("*.safetensors")}


def assert_same_results(folder: Path, other: Path) -> None:
    ours, theirs = (list(find_results(each)) for each in (folder, other))
    assert [path.relative_to(folder) for path in ours] == [path.relative_to(other) for path in theirs]
    for one, two in zip(ours, theirs, strict=True):
        first, second = load_result(one), load_result(two)
        assert (first.seeds, first.identity, first.failures) == (second.seeds, second.identity, second.failures)
        for name, values in first.history.items():
            np.testing.assert_array_equal(values, second.history[name])
