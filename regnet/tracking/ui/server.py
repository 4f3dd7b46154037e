"""MLflow's own server, for one person on this machine: started on a store, and ended with all its processes."""

from __future__ import annotations

import os
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
"""MLflow's own."""
START_SECONDS = 120
"""A store of an older version is brought up to date first."""
ALONE = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""No processes besides the server's own: jobs are not what it is here for."""


class Server:
    """A server that was started, and may not answer yet."""

    def __init__(self, program: Supervised, port: int, log: IO[bytes]) -> None:
        self._program = program
        self._log = log
        self.url = address(port)

    def wait_until_ready(self) -> None:
        """Returns when the server answers; raises TrackingError if it has ended, or says nothing for two minutes."""
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._program.wait(0.05) is not None:
                raise TrackingError(f"the MLflow server ended at once: {self._last_words()}")
            if time.monotonic() > end:
                raise TrackingError(f"the MLflow server has not answered for {START_SECONDS} seconds: {self._last_words()}")

    def wait(self) -> NoReturn:
        """Raises TrackingError when the server has ended by itself."""
        while (how := self._program.wait(POLL)) is None:
            pass
        raise TrackingError(f"the MLflow server has ended ({how}): {self._last_words()}")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}health", timeout=1).close()
        except (OSError, HTTPException):
            return False
        return True

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def address(port: int) -> str:
    """Where this machine's own server is reached, on this machine."""
    return f"http://{HOST}:{port}/"


@contextmanager
def serving(uri: str, port: int) -> Iterator[Server]:
    """Context manager in which MLflow's server shows the store at that port of this machine alone; at any free one if it is 0.

    The server ends on leaving, or when this process ends, however that happens.

    Raises:
        TrackingError: the port is in use.
    """
    port = _free_port(port)
    options = ["--host", HOST, "--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning"]
    environment = os.environ | ALONE | {"MLFLOW_BACKEND_STORE_URI": uri}  # not an option: others need not see its password
    with tempfile.NamedTemporaryFile(prefix="regnet-", delete=False) as log:
        program = Supervised(Command([sys.executable, "-m", "mlflow", "server", *options], environment, Path(log.name)))
        try:
            yield Server(program, port, log)
        finally:
            program.end()


def _free_port(port: int) -> int:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise TrackingError(f"port {port} cannot be used: {error} (name another with --port, or 0 for any)") from error
        return int(trial.getsockname()[1])
