"""`regnet ui`: its errors at the start, and that no process is left behind. tests/browser checks the pages."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import regnet
from tests.endings import ended

REGNET = [sys.executable, "-m", "regnet", "ui", "--no-browser"]
SMALL = ["epochs=1", "dataset.train_size=20", "dataset.test_size=20"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store."""
    path = tmp_path_factory.mktemp("ui")
    regnet.run([f"tracking.uri=sqlite:///{path}/mlflow.db", *SMALL])
    return path


@pytest.fixture(autouse=True)
def no_tracking_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--uri", "sqlite:///none.db"], "there is no MLflow store sqlite:"),
        (["--uri", "http://127.0.0.1:9"], "does not answer"),
        (["--experiment", "regent", "--port", "0"], "did you mean 'regnet'?"),
        (["--port", "70000"], "port 70000 cannot be used"),
    ],
)
def test_errors_have_one_line(folder: Path, words: list[str], message: str) -> None:
    check_refused(folder, words, message)


def test_port_in_use_is_an_error(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check_refused(folder, ["--port", str(port)], f"port {port} cannot be used")


def check_refused(folder: Path, words: list[str], message: str) -> None:
    done = subprocess.run([*REGNET, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_no_process_is_left_after_a_signal(folder: Path, number: signal.Signals) -> None:
    with serving(folder) as (process, port, server):
        process.send_signal(number)
        assert process.communicate(timeout=8) == ("", "")
        assert process.returncode == 0
        assert not answers(port)
        assert ended(server, 0.5)


@pytest.mark.slow
@pytest.mark.long
def test_no_process_is_left_after_a_kill(folder: Path) -> None:
    with serving(folder) as (process, port, server):
        process.kill()
        assert ended(server, 5)
        with socket.create_server(("127.0.0.1", port)):
            pass


@pytest.mark.slow
@pytest.mark.long
def test_no_process_is_left_if_all_regnet_processes_are_killed(folder: Path) -> None:
    with serving(folder) as (process, port, server):
        for each in [process, *server]:
            if "regnet" in " ".join(psutil.Process(each.pid).cmdline()):
                each.kill()
        assert ended(server, 5)
        assert is_silent(port, 5)  # a process that the server started later may take longer


@pytest.mark.slow
def test_command_ends_with_its_server(folder: Path) -> None:
    with serving(folder) as (process, _, server):
        (mlflow,) = [each for each in server if each.cmdline()[1:5] == ["-P", "-m", "mlflow", "server"]]
        mlflow.kill()
        out, stderr = process.communicate(timeout=8)
        assert (process.returncode, out) == (2, "")
        assert stderr.startswith("regnet: the MLflow server has ended (exit code -9): ")
        assert stderr.count("\n") == 1
        assert ended(server, 0.5)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, list[psutil.Process]]]:
    """Context manager that runs `regnet ui` and yields the port and the processes of its server."""
    command = subprocess.Popen(
        [*REGNET, "--port", "0"],
        cwd=folder,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with command:
        try:
            assert command.stdout is not None
            link, hint = command.stdout.readline(), command.stdout.readline()
            assert link.startswith("All runs, grouped by study: http://127.0.0.1:")
            assert hint == "Ctrl-C ends the server.\n"
            port = int(link.split("127.0.0.1:")[1].partition("/")[0])
            assert answers(port)
            server = psutil.Process(command.pid).children(recursive=True)
            assert len(server) >= 3
            yield command, port, server
        finally:
            command.kill()


def answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def is_silent(port: int, seconds: float) -> bool:
    """Whether nothing answers on the port within that time."""
    end = time.monotonic() + seconds
    while answers(port):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
