"""A new SQLite store equals one that MLflow creates, and MLflow creates only the first."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from regnet.tracking.store.connect import connect
from regnet.tracking.store.sqlite_template import is_blank, set_up
from tests.conftest import Inside


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "regnet"


def dump(path: Path) -> list[list[str]]:
    """A database as SQL, without the time and the folder of its first experiment.

    With sorted words, since MLflow creates the constraints of a table in varying order.
    """
    with closing(sqlite3.connect(path)) as store:
        lines = [line for line in store.iterdump() if "'Default'" not in line]
    return sorted(sorted(re.split(r"[\s,()]+", line)) for line in lines)


def test_store_equals_that_of_mlflow(ready_database: Path, cache_folder: Path, tmp_path: Path) -> None:
    for name in ("first.db", "second.db"):  # the first is created by MLflow, the second is copied
        connect(f"sqlite:///{tmp_path / name}")
        assert dump(tmp_path / name) == dump(ready_database)
    assert [path.suffix for path in cache_folder.iterdir()] == [".sql"]
    (default,) = MlflowClient(f"sqlite:///{tmp_path}/second.db").search_experiments()
    assert (default.experiment_id, default.name) == ("0", "Default")


SCRIPT = "BEGIN EXCLUSIVE;\nCREATE TABLE experiments (name TEXT);\nCREATE TABLE more (name TEXT);\nCOMMIT;"
"""A replacement for MLflow's SQL, which takes seconds to create."""


def test_mlflow_creates_only_the_first_store(cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regnet.tracking.store.sqlite_template._script", lambda: SCRIPT)
    set_up(tmp_path / "first.db")
    monkeypatch.setattr("regnet.tracking.store.sqlite_template._script", pytest.fail)
    set_up(tmp_path / "second.db")
    assert dump(tmp_path / "second.db") == dump(tmp_path / "first.db")
    assert not is_blank(tmp_path / "second.db")


def test_store_created_by_another_process_is_unchanged(cache_folder: Path, ready_database: Path, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(ready_database.read_bytes())
    before = dump(tmp_path / "mlflow.db")
    assert not is_blank(tmp_path / "mlflow.db")
    _remember(cache_folder, SCRIPT)
    set_up(tmp_path / "mlflow.db")
    assert dump(tmp_path / "mlflow.db") == before


@pytest.mark.parametrize(
    "spoil", [lambda cache_folder: cache_folder.write_text("no folder"), lambda cache_folder: _remember(cache_folder, "no SQL;")]
)
def test_mlflow_creates_the_store_if_the_template_cannot_be_cached(
    cache_folder: Path, ready_database: Path, tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regnet.tracking.store.sqlite_template._script", lambda: SCRIPT)
    cache_folder.parent.mkdir(parents=True)
    spoil(cache_folder)
    connect(f"sqlite:///{tmp_path}/mlflow.db")
    assert dump(tmp_path / "mlflow.db") == dump(ready_database)


def _remember(cache_folder: Path, script: str) -> None:
    from importlib.metadata import version

    cache_folder.mkdir(parents=True)
    (cache_folder / f"mlflow-{version('mlflow')}.sql").write_text(script)


def test_artifacts_are_beside_the_database(inside: Inside, tmp_path: Path) -> None:
    """Wherever the command runs; and opening a store leaves no other file."""
    (tmp_path / "stores").mkdir()
    assert inside("run", "tracking.uri=sqlite:///stores/mine.db", "epochs=2").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs", "stores"]
    assert sorted(path.name for path in (tmp_path / "stores").iterdir()) == ["mine.db", "mlruns"]


def test_an_experiment_with_artifacts_on_a_server_is_refused(inside: Inside, tmp_path: Path) -> None:
    """As one that `mlflow server` has made in its database."""
    connect(f"sqlite:///{tmp_path}/mlflow.db")
    MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").create_experiment("theirs", "mlflow-artifacts:/7")
    refused = inside("run", "tracking.experiment=theirs", "epochs=2")
    assert refused.code == 2
    assert refused.stderr.splitlines()[-1] == (
        "regnet: MLflow experiment 'theirs' has its artifacts on an MLflow server: set tracking.uri to the server's address, or "
        "tracking.experiment to another name"
    )
