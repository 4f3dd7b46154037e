"""A store that is away while a launch trains: nothing is lost, and `regnet sync` writes it, as it would have been written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from regnet.tracking import UNSYNCED
from tests.conftest import Inside

SMALL = ("epochs=3", "dataset.train_size=40", "dataset.test_size=30")
SWEEP = ("run", "-m", "model.output=null", "optimizer.lr=0.001,100", "seeds=2", "hydra.sweep.dir=here", *SMALL)
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


@pytest.fixture
def undisturbed(inside: Inside, tmp_path: Path) -> Path:
    """A folder in which the launch was trained with its store."""
    assert inside(*SWEEP).code == 1, "a study diverges"
    return tmp_path


def test_a_launch_without_its_store_is_written_later(
    undisturbed: Path, inside: Inside, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("away")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    done = inside(*SWEEP)
    assert done.code == 1
    assert done.stdout.count("does not answer: [Errno 111] Connection refused") == 1
    assert "training continues" in done.stdout
    assert "to write them to the store: regnet sync" in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "here" / UNSYNCED).exists()
    words = ("sync", "here", "--uri", "sqlite:///mlflow.db")
    done = inside(*words)
    assert done.code == 0, done.stderr
    assert "4 runs written, 0 were there" in done.stdout
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert not (folder / "here" / UNSYNCED).exists()
    assert_same_store(folder, undisturbed)
    before = {key: run.to_dictionary() for key, run in runs(folder).items() if key[0] == "run"}
    assert "0 runs written, 4 were there" in inside(*words).stdout
    assert {key: run.to_dictionary() for key, run in runs(folder).items() if key[0] == "run"} == before


def test_half_of_a_store_is_completed(
    undisturbed: Path, inside: Inside, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that lacks its last epoch, one that is not there, and one that a server has made twice."""
    folder = tmp_path_factory.mktemp("half")
    monkeypatch.chdir(folder)
    assert inside(*SWEEP).code == 1
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    finished = [run for key, run in sorted(runs(folder).items()) if key[0] == "run" and run.info.status == "FINISHED"]
    half, gone = (run.info.run_id for run in finished)
    with closing(sqlite3.connect(folder / "mlflow.db")) as store:
        store.execute("delete from metrics where run_uuid = ? and (step = 3 or key like 'final/%')", [half])
        store.execute("delete from latest_metrics where run_uuid = ? and key like 'final/%'", [half])
        store.execute("update runs set status = 'RUNNING', end_time = null where run_uuid = ?", [half])
        store.commit()
    client.delete_run(gone)
    client.create_run(finished[0].info.experiment_id, tags=finished[0].data.tags)
    done = inside("sync", "here")
    assert done.code == 0, done.stderr
    assert "2 runs written, 2 were there" in done.stdout
    assert_same_store(folder, undisturbed)
    assert client.get_run(half).info.status == "FINISHED", "its id stays"


def test_runs_that_are_not_trained_any_more_are_ended(inside: Inside, tmp_path: Path) -> None:
    assert inside(*SWEEP).code == 1
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    (some, *_) = (run for key, run in runs(tmp_path).items() if key[0] == "run")
    stray = client.create_run(some.info.experiment_id, tags=some.data.tags | {"regnet.seed": "7"})
    assert inside("sync", "here").code == 0
    found = client.get_run(stray.info.run_id)
    assert found.info.status == "KILLED"
    assert found.data.tags["regnet.failure"] == "the training process ended without reporting a result"


def test_errors(inside: Inside, tmp_path: Path) -> None:
    assert "there is no launch below" in inside("sync").stderr
    assert inside("run", "hydra.run.dir=here", "tracking=none", *SMALL).code == 0
    done = inside("sync")
    assert (done.code, "was not tracked: name a store with --uri" in done.stderr) == (2, True)
