"""MLflow's server for one user on this machine: started on a store, and ended with all its processes."""

from __future__ import annotations

import importlib.util
import os
import shlex
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO, NoReturn

from regnet.errors import TrackingError
from regnet.processes.child import POLL
from regnet.processes.supervisor import Command, Supervised

HOST = "127.0.0.1"
DEFAULT_PORT = 5000
"""MLflow's default."""
START_SECONDS = 120
"""Maximum time until the server answers: it first migrates a store of an older version."""
NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""Disables MLflow's jobs, which would start more processes."""


class Server:
    """A server that was started, and may not answer yet."""

    def __init__(self, program: Supervised, port: int, log: IO[bytes]) -> None:
        self._program = program
        self._log = log
        self.url = address(port)

    def wait_until_ready(self) -> None:
        """Wait until the server answers.

        Raises:
            TrackingError: the server has ended, or has not answered within two minutes.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._program.wait(0.05) is not None:
                raise TrackingError(f"the MLflow server ended immediately: {self._last_line()}")
            if time.monotonic() > deadline:
                raise TrackingError(f"the MLflow server has not answered for {START_SECONDS} seconds: {self._last_line()}")

    def wait(self) -> NoReturn:
        """Wait until the server ends.

        Raises:
            TrackingError: the server has ended by itself.
        """
        while (status := self._program.wait(POLL)) is None:
            pass
        raise TrackingError(f"the MLflow server has ended ({status}): {self._last_line()}")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}health", timeout=1).close()
        except (OSError, HTTPException):
            return False
        return True

    def _last_line(self) -> str:
        """Return the last line of the server's output."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")


def address(port: int) -> str:
    """Return the address of a server on this machine."""
    return f"http://{HOST}:{port}/"


@contextmanager
def serving(uri: str, port: int) -> Iterator[Server]:
    """Context manager that runs MLflow's server on the store, on a port that only this machine can reach.

    The server ends on exit, or when this process ends for any reason.

    Args:
        uri: the store.
        port: the port; 0 for any free one.

    Raises:
        TrackingError: the port is in use.
    """
    port = _free_port(port)
    uvicorn = ["--log-level", "warning", "--app-dir", _home_of("mlflow")]  # by default the working directory, from which it imports
    options = ["--host", HOST, "--port", str(port), "--workers", "1", "--uvicorn-opts", shlex.join(uvicorn)]
    safe = {"PYTHONSAFEPATH": "1"}  # a file random.py or mlflow.py in the working directory is not imported
    environment = (
        os.environ | NO_JOBS | safe | {"MLFLOW_BACKEND_STORE_URI": uri}
    )  # an option would show its password to other users
    with tempfile.NamedTemporaryFile(prefix="regnet-", delete=False) as log:
        program = Supervised(Command([sys.executable, "-P", "-m", "mlflow", "server", *options], environment, Path(log.name)))
        try:
            yield Server(program, port, log)
        finally:
            program.end()


def _home_of(package: str) -> str:
    """Return the folder that a package is in, which is on the path of every process."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parents[1])


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            message = f"port {port} cannot be used: {error} (choose another with --port, or 0 for any free port)"
            raise TrackingError(message) from error
        return int(probe.getsockname()[1])
