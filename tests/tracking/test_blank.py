"""Checks that a store is set up as MLflow sets one up, and that MLflow is asked for it once."""

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


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache folder, in which nothing is remembered yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "regnet"


def dump(path: Path) -> list[list[str]]:
    """A database as SQL, less when and where its first experiment was made.

    In sorted words, since the order of a table's constraints is another one each time that MLflow makes it.
    """
    with closing(sqlite3.connect(path)) as store:
        lines = [line for line in store.iterdump() if "'Default'" not in line]
    return sorted(sorted(re.split(r"[\s,()]+", line)) for line in lines)


def test_a_store_is_what_mlflow_makes_of_one(ready_database: Path, memory: Path, tmp_path: Path) -> None:
    for name in ("first.db", "second.db"):  # the first is asked for, the second remembered
        connect(f"sqlite:///{tmp_path / name}")
        assert dump(tmp_path / name) == dump(ready_database)
    assert [path.suffix for path in memory.iterdir()] == [".sql"]
    (default,) = MlflowClient(f"sqlite:///{tmp_path}/second.db").search_experiments()
    assert (default.experiment_id, default.name) == ("0", "Default")


SCRIPT = "BEGIN EXCLUSIVE;\nCREATE TABLE experiments (name TEXT);\nCREATE TABLE more (name TEXT);\nCOMMIT;"
"""Stands in for what MLflow says, which takes it seconds."""


def test_mlflow_is_asked_once(memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regnet.tracking.store.sqlite_template._script", lambda: SCRIPT)
    set_up(tmp_path / "first.db")
    monkeypatch.setattr("regnet.tracking.store.sqlite_template._script", pytest.fail)
    set_up(tmp_path / "second.db")
    assert dump(tmp_path / "second.db") == dump(tmp_path / "first.db")
    assert not is_blank(tmp_path / "second.db")


def test_a_store_that_somebody_has_set_up_meanwhile_is_left_as_it_is(memory: Path, ready_database: Path, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(ready_database.read_bytes())
    before = dump(tmp_path / "mlflow.db")
    assert not is_blank(tmp_path / "mlflow.db")
    _remember(memory, SCRIPT)
    set_up(tmp_path / "mlflow.db")
    assert dump(tmp_path / "mlflow.db") == before


@pytest.mark.parametrize("spoil", [lambda memory: memory.write_text("no folder"), lambda memory: _remember(memory, "no SQL;")])
def test_where_nothing_can_be_remembered_mlflow_does_it(
    memory: Path, ready_database: Path, tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regnet.tracking.store.sqlite_template._script", lambda: SCRIPT)
    memory.parent.mkdir(parents=True)
    spoil(memory)
    connect(f"sqlite:///{tmp_path}/mlflow.db")
    assert dump(tmp_path / "mlflow.db") == dump(ready_database)


def _remember(memory: Path, script: str) -> None:
    from importlib.metadata import version

    memory.mkdir(parents=True)
    (memory / f"mlflow-{version('mlflow')}.sql").write_text(script)
