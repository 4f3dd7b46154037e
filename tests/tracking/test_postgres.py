"""A store in PostgreSQL: writing in bulk equals MLflow's client, and all commands read it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, create_engine, text

import regnet
from regnet.errors import TrackingError
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store import silence
from regnet.tracking.store.client_backend import ClientBackend
from regnet.tracking.store.connect import connect, store_of, tracking_errors
from regnet.tracking.store.datasets import dataset_inputs
from regnet.tracking.store.messages import DataSeen
from regnet.tracking.store.run_changes import Beginning, Changes
from regnet.tracking.store.sql_backend import BulkBackend
from tests.cli.test_command import SMALL
from tests.cli.test_command import regnet as command
from tests.conftest import Inside
from tests.servers import Postgres, make_database
from tests.tracking.test_backends import rows, write_story

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a new PostgreSQL server."""
    with Postgres.temporary() as running:
        yield running.uri


@pytest.fixture(scope="module")
def database(server: str) -> Callable[[str], str]:
    """Creates a database of the given name and returns its address."""
    return partial(make_database, server)


def test_bulk_rows_equal_those_of_the_client(
    database: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bulk_uri, client_uri = database("bulk"), database("client")
    bulk = write_story(bulk_uri, tmp_path / "bulk")
    monkeypatch.setattr("regnet.tracking.store.connect.sql_store", lambda client: None)
    client = write_story(client_uri, tmp_path / "client")
    assert isinstance(bulk._backend, BulkBackend)
    assert isinstance(client._backend, ClientBackend)
    first, second = rows(bulk_uri, tmp_path / "bulk"), rows(client_uri, tmp_path / "client")
    assert len(first["metrics"]) > 50
    for table in first.keys() | second.keys():
        assert first[table] == second[table], table


def test_written_results_are_read(database: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    uri = database("results")
    written = regnet.run(["seeds=3", f"tracking.uri={uri}", *SMALL])
    client = MlflowClient(uri)
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert read.seeds == (0, 1, 2)
    for name, values in written.history.items():
        assert np.array_equal(read.history[name], values)


@pytest.mark.long
def test_every_command_accepts_postgresql(database: Callable[[str], str], tmp_path: Path) -> None:
    uri = database("commands").replace("regnet@", "regnet:very-secret@")  # the server does not check the password
    words = ["run", "-m", "optimizer.lr=0.001,0.1", "seeds=4", "validation=0.2", f"tracking.uri='{uri}'", *SMALL]
    swept = command(tmp_path, *words)
    assert (swept.returncode, swept.stderr) == (0, "")
    assert "The best run of each study, compared" in swept.stdout
    for words in (["compare"], ["report"], ["results"]):
        done = command(tmp_path, *words, "--uri", uri)
        assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1 + 8
    assert "regnet:***@" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    texts = [path.read_text(errors="replace") for path in (tmp_path / "report").iterdir()]
    engine = create_engine(uri)
    with engine.connect() as connection:
        for table in ("params", "tags", "experiment_tags"):
            texts += [str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}"))]
    engine.dispose()
    texts += [path.read_text(errors="replace") for path in tmp_path.glob("mlruns/**/*") if path.is_file()]
    assert not any("very-secret" in text for text in texts)


def test_password_is_not_in_errors(server: str) -> None:
    uri = server.replace("regnet@", "nobody:very-secret@") + "/none_such"
    with pytest.raises(TrackingError, match=r"^the MLflow store postgresql://nobody:\*\*\*@") as raised:
        connect(uri)
    assert "very-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("{server}/none_such", 'database "none_such" does not exist'),
        pytest.param("postgresql://127.0.0.1:9/mlflow", "Connection refused", marks=pytest.mark.long),
        pytest.param("postgresql+none_such://127.0.0.1/mlflow", "none_such", marks=pytest.mark.long),
    ],
)
def test_unreachable_server_is_reported_immediately(server: str, tmp_path: Path, uri: str, reason: str) -> None:
    for words in (["run", f"tracking.uri={uri.format(server=server)}", *SMALL], ["compare", "--uri", uri.format(server=server)]):
        start = time.monotonic()
        done = command(tmp_path, *words)
        assert time.monotonic() - start < 60  # MLflow retries for longer
        assert reason in done.stdout + done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2
        trained = words[0] == "run" and reason == "Connection refused"  # the server may be there later
        assert done.returncode == (1 if trained else 2)
        assert not trained or list(tmp_path.rglob("result.safetensors"))


@contextmanager
def connected(uri: str) -> Iterator[Connection]:
    """Context manager of a separate connection, in a transaction."""
    engine = create_engine(uri)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def frozen(uri: str) -> Iterator[None]:
    """Context manager that stops every process of the server: connections stay open without an answer."""
    with connected(uri) as connection:
        postmaster = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()).parent()
    assert postmaster is not None
    postmaster.suspend()  # from here on it starts no other process
    processes = [postmaster, *postmaster.children(recursive=True)]
    for each in processes[1:]:
        with suppress(psutil.NoSuchProcess):
            each.suspend()
    try:
        yield
    finally:
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.resume()


def test_frozen_server_times_out(database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    uri = database("frozen")
    store = connect(uri)
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 2)
    message = "cannot be used: the database has not answered for 2 s"
    with frozen(uri), pytest.raises(TrackingError, match=message), tracking_errors(uri):
        store.experiments()
    assert connect(uri).experiments()  # usable again as soon as it answers


def test_slow_statement_does_not_time_out_while_rows_arrive(
    database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = database("patient")
    connect(uri)
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 1)
    with connected(uri) as connection:
        rows = connection.execute(text("SELECT repeat('x', 100000), pg_sleep(0.001) FROM generate_series(1, 3000)")).all()
    assert len(rows) == 3000


@contextmanager
def locked(uri: str) -> Iterator[None]:
    """Context manager that locks the table of runs, so that its statements are not answered."""
    with connected(uri) as connection:
        connection.execute(text("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.parametrize("name", ["compare", "results", "report"])
def test_commands_time_out_without_an_answer(
    name: str, database: Callable[[str], str], inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = database(f"locked_{name}")
    regnet.run(["seeds=2", f"tracking.uri={uri}", *SMALL])
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 2)
    with locked(uri):
        done = inside(name, "--uri", uri)
    assert done.code == 2
    assert "the database has not answered for 2 s" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


@pytest.mark.long
def test_run_times_out_without_an_answer(database: Callable[[str], str], tmp_path: Path) -> None:
    uri = database("locked_run")
    connect(uri)
    with locked(uri):
        done = command(tmp_path, "run", "seeds=2", f"tracking.uri={uri}", *SMALL)
    assert done.returncode == 1
    assert f"the database has not answered for {silence.ANSWER_SECONDS} s" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("result.safetensors"))


def test_data_set_that_another_process_inserts_meanwhile(database: Callable[[str], str]) -> None:
    """The other's transaction is open when this one looks for the data set, and commits while this one inserts it."""
    uri = database("meanwhile")
    store = connect(uri)
    experiment = store.make_experiment("regnet")
    inputs = dataset_inputs(DataSeen(0, "disc", {"training": (np.zeros((3, 2)), np.zeros(3))}))
    store.backend(experiment).write([Changes(0, Beginning("first", 0, inputs))])
    engine = create_engine(uri)
    with engine.begin() as connection:
        (row,) = connection.execute(text("SELECT * FROM datasets")).mappings().all()
        connection.execute(text("DELETE FROM inputs"))
        connection.execute(text("DELETE FROM datasets"))
    with engine.connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text(f"INSERT INTO datasets ({', '.join(row)}) VALUES (:{', :'.join(row)})"), dict(row))
        writing = pool.submit(store.backend(experiment).write, [Changes(0, Beginning("second", 0, inputs))])
        time.sleep(1)
        assert not writing.done()
        other.commit()
        writing.result(30)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT source_id FROM inputs")).all() == [(row["dataset_uuid"],)]
    engine.dispose()


def test_connections_that_are_cut_while_runs_are_written(database: Callable[[str], str], server: str, tmp_path: Path) -> None:
    """As by a server that is restarted: each write is tried again, and nothing is lost or written twice."""
    uri = database("cut")
    connect(uri)  # sets it up
    words = [sys.executable, "-m", "regnet", "run", "seeds=8", "epochs=1500", f"tracking.uri={uri}", *SMALL[1:]]
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'cut' AND state <> 'idle'"
    cuts = 0
    own, others = create_engine(uri), create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            with own.connect() as connection:
                while connection.execute(text("SELECT count(*) FROM runs")).scalar() != 8:
                    connection.commit()
                    assert process.poll() is None
                    time.sleep(0.05)
            own.dispose()
            with others.connect() as connection:
                while process.poll() is None and cuts < 5:
                    cuts += int(connection.execute(text(cut)).scalar() or 0)
                    time.sleep(0.01)
            _, stderr = process.communicate(timeout=200)
        finally:
            process.kill()
    others.dispose()
    assert (process.returncode, cuts > 0) == (0, True), stderr
    assert "trying again for" in stderr
    (study,) = read_launch(connect(uri), "regnet", newest_launch(connect(uri), "regnet"))
    assert (study.seeds, study.failures) == (tuple(range(8)), {})
    assert study.history["train/loss"].shape == (8, 1500)
    assert np.isfinite(study.history["train/loss"]).all()
