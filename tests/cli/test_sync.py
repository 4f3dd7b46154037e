"""A store that is away while a launch trains: nothing is lost, and `regnet sync` writes it, as it would have been written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from regnet.registry.selection import OWN
from regnet.tracking import UNSYNCED
from tests.conftest import Inside
from tests.same_launch import Store, assert_same_store

SMALL = ("epochs=3", "dataset.train_size=40", "dataset.test_size=30")
SWEEP = ("run", "-m", "model.output=null", "optimizer.lr=0.001,100", "seeds=2", "hydra.sweep.dir=here", *SMALL)


@pytest.fixture
def undisturbed(inside: Inside, tmp_path: Path) -> Path:
    """A folder in which the launch was trained with its store."""
    assert inside(*SWEEP).code == 1, "a study diverges"
    return tmp_path


@pytest.mark.slow
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
    before = {key: run.to_dictionary() for key, run in Store.file(folder / "mlflow.db").runs().items() if key[0] == "run"}
    assert "0 runs written, 4 were there" in inside(*words).stdout
    assert {key: run.to_dictionary() for key, run in Store.file(folder / "mlflow.db").runs().items() if key[0] == "run"} == before


@pytest.mark.slow
def test_half_of_a_store_is_completed(
    undisturbed: Path, inside: Inside, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that lacks its last epoch, one that is not there, and one that a server has made twice."""
    folder = tmp_path_factory.mktemp("half")
    monkeypatch.chdir(folder)
    assert inside(*SWEEP).code == 1
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    finished = [
        run
        for key, run in sorted(Store.file(folder / "mlflow.db").runs().items())
        if key[0] == "run" and run.info.status == "FINISHED"
    ]
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
    (some, *_) = (run for key, run in Store.file(tmp_path / "mlflow.db").runs().items() if key[0] == "run")
    stray = client.create_run(some.info.experiment_id, tags=some.data.tags | {"regnet.seed": "7"})
    assert inside("sync", "here").code == 0
    found = client.get_run(stray.info.run_id)
    assert found.info.status == "KILLED"
    assert found.data.tags["regnet.failure"] == "the training process ended without reporting a result"


def test_runs_keep_the_version_that_trained_them(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert inside("run", "hydra.run.dir=here", "report=none", *SMALL).code == 1, "the store is away"
    monkeypatch.setattr("regnet.tracking.records.version", lambda name: "9.9")  # a newer regnet writes it
    assert inside("sync", "here", "--uri", "sqlite:///mlflow.db").code == 0
    (run,) = Store.file(tmp_path / "mlflow.db").runs().values()
    assert run.data.tags["regnet.version"] == version(OWN) != "9.9"


def test_errors(inside: Inside, tmp_path: Path) -> None:
    assert "there is no launch below" in inside("sync").stderr
    assert inside("run", "hydra.run.dir=here", "tracking=none", *SMALL).code == 0
    done = inside("sync")
    assert (done.code, "was not tracked: name a store with --uri" in done.stderr) == (2, True)
