"""Checks `regnet ui` from the outside: what it says when it cannot start, and that nothing is left of it; pages: tests/browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import regnet

REGNET = [sys.executable, "-m", "regnet", "ui", "--no-browser"]
SMALL = ["epochs=1", "dataset.train_size=20", "dataset.test_size=20"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a store in it."""
    path = tmp_path_factory.mktemp("ui")
    regnet.run([f"tracking.uri=sqlite:///{path}/mlflow.db", *SMALL])
    return path


@pytest.fixture(autouse=True)
def no_store_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--uri", "sqlite:///none.db"], "there is no MLflow store sqlite:"),
        (["--uri", "http://127.0.0.1:9"], "does not answer"),
        (["--experiment", "regent", "--port", "0"], "did you mean 'regnet'?"),
        (["--port", "70000"], "port 70000 cannot be used"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(folder: Path, words: list[str], said: str) -> None:
    check_refused(folder, words, said)


def test_a_port_in_use_is_told_in_a_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check_refused(folder, ["--port", str(port)], f"port {port} cannot be used")


def check_refused(folder: Path, words: list[str], said: str) -> None:
    done = subprocess.run([*REGNET, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_ends(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*REGNET, "--port", "0"],
        cwd=folder,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    link, hint = process.stdout.readline(), process.stdout.readline()
    assert link.startswith("All runs, grouped by study: http://127.0.0.1:")
    assert hint == "Ctrl-C ends the server.\n"
    port = int(link.split("127.0.0.1:")[1].partition("/")[0])
    assert answers(port)
    assert len(descendants(process.pid)) >= 2
    children = descendants(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert not answers(port)
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def descendants(process: int) -> list[int]:
    """The processes that were started by one, or by those, as Linux tells them."""
    children = [int(word) for task in Path(f"/proc/{process}/task").iterdir() for word in (task / "children").read_text().split()]
    return [*children, *(each for child in children for each in descendants(child))]
