"""A fixture that runs `regnet run` in a separate process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REGNET = [sys.executable, "-m", "regnet"]
Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `regnet run` with the given arguments in a folder."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job of a shell script ignores Ctrl-C, and so do its children
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def regnet_run() -> Run:
    def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "REGNET_PLUGINS")}
        folder.mkdir(parents=True, exist_ok=True)
        return subprocess.run([*REGNET, "run", *words], cwd=folder, capture_output=True, text=True, env=env, check=False)

    return run
