"""Timeouts, with errors that name what did not answer: a server, a database, a lock of another process, git."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from regnet.errors import TrackingError
from regnet.launch_folder import revision
from regnet.tracking import quiet_mlflow
from regnet.tracking.store import silence
from regnet.tracking.store.connect import connect, tracking_errors
from regnet.tracking.store.uri import check_store

pytestmark = pytest.mark.timeout(60)

Answer = Callable[[bytes], bytes]
HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"


@pytest.fixture
def listen() -> Iterator[Callable[[Answer], int]]:
    """Starts a server that answers requests by a function, or not at all, and keeps the connection open; returns its port."""
    opened: list[socket.socket] = []

    def serve(server: socket.socket, answer: Answer) -> None:
        with suppress(OSError):  # the connection was closed
            while True:
                connection, _ = server.accept()
                opened.append(connection)
                connection.sendall(answer(connection.recv(65536)))

    def start(answer: Answer) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)
        threading.Thread(target=serve, args=(server, answer), daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    for each in opened:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


Listen = Callable[[Answer], int]


@pytest.mark.parametrize(("answer", "reason"), [(b"", "timed out"), (b"SSH-2.0-none\r\n", "SSH-2.0-none")])
def test_server_that_does_not_answer(answer: bytes, reason: str, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "CONNECT_SECONDS", 1)
    with pytest.raises(TrackingError, match=rf"^the MLflow server http://127.*does not answer: {reason}"):
        check_store(f"http://127.0.0.1:{listen(lambda _: answer)}")


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "?connect_timeout=2"])
def test_database_that_does_not_answer(query: str, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setattr(silence, "CONNECT_SECONDS", 60 if query else 2)
    start = time.monotonic()
    with pytest.raises(TrackingError, match=r"^the MLflow store postgresql\+psycopg://a:\*\*\*@.* cannot be used: .*timeout"):
        check_store(f"postgresql+psycopg://a:b@127.0.0.1:{listen(lambda _: b'')}/runs{query}")
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("postgresql+psycopg2://h/x", {"connect_timeout": 5}),
        ("postgresql+psycopg2://h/x?connect_timeout=9", {}),
        ("mysql://h/x", {"connect_timeout": 5}),
        ("mysql+pymysql://h/x", {"connect_timeout": 5, "read_timeout": 5}),
        ("mysql+aiomysql://h/x", {}),
        ("mssql+pyodbc://h/x", {"timeout": 5}),
    ],
)
def test_timeout_options_of_drivers(address: str, options: dict[str, int]) -> None:
    assert silence.connect_options(address) == options


def test_requests_without_an_answer(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = f"http://127.0.0.1:{listen(lambda request: HEALTHY if b'/health' in request else b'')}"
    store = connect(address)
    with pytest.raises(TrackingError, match=f"^the MLflow store {address} cannot be used: "), tracking_errors(address):
        store.experiments()


def test_default_timeout_of_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "9")
    quiet_mlflow()
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "30"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "9"


HOLDER = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


def test_lock_of_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sqlite:///{tmp_path}/mlflow.db"
    connect(address)
    monkeypatch.setattr("regnet.tracking.store.connect.LOCK_SECONDS", 1)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(
            TrackingError, match=f"^the MLflow store {address} cannot be used: another process has locked {tmp_path} for 1 s"
        ):
            connect(address)
        holder.kill()
    connect(address)


def test_git_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nexec sleep 1000\n", encoding="utf-8")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(revision, "GIT_SECONDS", 0.5)
    assert revision.git_commit.__wrapped__() is None
