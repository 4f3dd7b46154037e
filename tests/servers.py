"""Helpers for servers that tests start: a free port, and waiting until the server answers."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

TIMEOUT = 60
"""The time limit in seconds; MLflow takes ten on a busy machine."""


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
