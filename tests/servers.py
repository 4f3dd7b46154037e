"""Helpers for servers that tests start: a free port, and waiting until the server answers."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

TIMEOUT = 60
"""The time limit in seconds; MLflow takes ten on a busy machine."""


NOBODY_S = "postgres"
"""The user that runs PostgreSQL if the tests run as root, which PostgreSQL does not accept."""


def start_ui(folder: Path) -> subprocess.Popen[str]:
    """`regnet ui` on the store in a folder, which prints the addresses of its pages."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "regnet"), "ui", "--no-browser", "--port", "0"],
        cwd=folder,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a server answers a request."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a started server is ready; fails with its log if it ends or the time limit is exceeded."""
    end = time.monotonic() + TIMEOUT
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(log.read_text())
        time.sleep(0.1)


def program(name: str) -> str:
    """The path of a program of PostgreSQL, which is not on the PATH in Debian."""
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.skip("there is no PostgreSQL here: scripts/postgres installs it")
    return found


class Postgres:
    """A PostgreSQL server of its own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.user = pwd.getpwnam(NOBODY_S).pw_uid if os.getuid() == 0 else os.getuid()
        self.uri = f"postgresql://regnet@127.0.0.1:{self.port}"
        os.chown(folder, self.user, -1)
        self._call("initdb", "-D", f"{folder}/data", "-U", "regnet", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator[Postgres]:
        """Context manager that starts a server in a folder that is removed on exit."""
        with tempfile.TemporaryDirectory(prefix="regnet-", dir="/tmp", ignore_cleanup_errors=True) as folder:
            server = cls(Path(folder))
            try:
                yield server
            finally:
                server.stop()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = ["-p", str(self.port), "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        words = [program("postgres"), "-D", f"{self.folder}/data", *options]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(words, user=self.user, cwd=self.folder, stdout=log, stderr=log)
        asking = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        wait_for(lambda: subprocess.run(asking, check=False).returncode == 0, self.process, self.folder / "log")

    def stop(self) -> None:
        """Stops it, even if clients are still connected."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def _call(self, name: str, *words: str) -> None:
        subprocess.run([program(name), *words], user=self.user, cwd=self.folder, check=True, capture_output=True)


def make_database(server: str, name: str) -> str:
    """Create a database on a PostgreSQL server, and return its address."""
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return f"{server}/{name}"
