"""Databases that fail for a while: what is written in the end is what would have been written without the fault."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import IntegrityError, OperationalError

from regnet.tracking.store import retry
from regnet.tracking.store.retry import retried
from regnet.tracking.store.sql_backend import BulkBackend
from tests.cli.test_command import SMALL
from tests.tracking.test_backends import files, rows, write_story

MakeSession = Callable[..., AbstractContextManager[Any]]
URI = "postgresql://anna:secret@nowhere/runs"


def away() -> OperationalError:
    return OperationalError("INSERT", {}, Exception("server closed the connection unexpectedly"))


def unreliable(make: MakeSession, moment: str) -> MakeSession:
    """Sessions that fail at every other write, before the commit or after it, when only the reply is lost."""
    numbers = itertools.count()

    @contextmanager
    def session(read_only: bool = True) -> Iterator[Any]:
        fails = not read_only and next(numbers) % 2 == 0
        with make(read_only=read_only) as found:
            yield found
            if fails and moment == "before":
                raise away()
        if fails and moment == "after":
            raise away()

    return session


@pytest.mark.parametrize("moment", ["before", "after"])
def test_every_write_that_fails_is_written_once(
    ready_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(retry, "LONGEST_WAIT", 0.01)
    found = {}
    for name in ("calm", "disturbed"):
        shutil.copy(ready_database, tmp_path / f"{name}.db")
        if name == "disturbed":
            original = BulkBackend.__init__

            def init(self: BulkBackend, *words: Any, original: Any = original) -> None:
                original(self, *words)
                self._session = unreliable(self._session, moment)

            monkeypatch.setattr(BulkBackend, "__init__", init)
        uri = f"sqlite:///{tmp_path}/{name}.db"
        write_story(uri, tmp_path / name)
        found[name] = (rows(uri, tmp_path / name), files(uri))
    assert len(found["calm"][0]["metrics"]) > 50
    for table in found["calm"][0]:
        assert found["disturbed"][0][table] == found["calm"][0][table], table
    assert found["disturbed"][1] == found["calm"][1]


def test_first_failure_is_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(retry, "LONGEST_WAIT", 0.01)
    attempts = iter([away(), away(), None])

    def write() -> None:
        error = next(attempts)
        if error:
            raise error

    retried(URI, write)
    (warning,) = caplog.messages
    assert "postgresql://anna:***@nowhere/runs cannot be used" in warning
    assert "server closed the connection unexpectedly; trying again for 100 s" in warning


@pytest.mark.parametrize("error", [IntegrityError("INSERT", {}, Exception("x")), MlflowException("no"), KeyError("a bug")])
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    attempts = itertools.count()

    def write() -> None:
        next(attempts)
        raise error

    with pytest.raises(type(error)):
        retried(URI, write)
    assert next(attempts) == 1


def test_retries_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(retry, "RETRY_SECONDS", 0.2)

    def write() -> None:
        raise away()

    start = time.monotonic()
    with pytest.raises(OperationalError, match="server closed the connection"):
        retried(URI, write)
    assert 0.2 <= time.monotonic() - start < 5


@pytest.mark.long
def test_a_locked_sqlite_file_delays_nothing_but_the_store(ready_database: Path, tmp_path: Path) -> None:
    """Another process locks the file for longer than SQLite waits, which is 20 s in MLflow."""
    path = tmp_path / "mlflow.db"
    shutil.copy(ready_database, path)
    command = [sys.executable, "-m", "regnet", "run", "seeds=4", f"tracking.uri=sqlite:///{path}", *SMALL]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)  # the experiment exists
    released = threading.Event()

    def lock() -> None:
        with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as store:
            store.execute("BEGIN EXCLUSIVE")
            locked.set()
            time.sleep(45)
            store.execute("ROLLBACK")
            released.set()

    locked = threading.Event()
    command[-1:] = [SMALL[-1], "epochs=400"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            while len(statuses(path)) < 8:  # the runs have started
                assert process.poll() is None
                time.sleep(0.2)
            thread = threading.Thread(target=lock)
            thread.start()
            assert locked.wait(20)
            _, stderr = process.communicate(timeout=200)
        finally:
            process.kill()
    thread.join()
    assert (process.returncode, released.is_set()) == (0, True), stderr
    assert "trying again" in stderr
    assert statuses(path) == ["FINISHED"] * 8


def statuses(path: Path) -> list[str]:
    client = MlflowClient(f"sqlite:///{path}")
    experiment = client.get_experiment_by_name("regnet")
    if experiment is None:
        return []
    return [run.info.status for run in client.search_runs([experiment.experiment_id], "tags.`regnet.role` = 'run'")]
