"""Supervised programs: they and all their child processes end with the process that started them."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from regnet.processes import supervisor
from regnet.processes.supervisor import Command, Supervised
from tests.endings import ended
from tests.processes.test_child import script

pytestmark = pytest.mark.timeout(60)

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
FAMILY = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1] + 'import time; time.sleep(1000)']); "
SLEEP = "print('ready', flush=True); import time; time.sleep(1000)"


@contextmanager
def supervised(program: str, *words: str) -> Iterator[tuple[Supervised, Path]]:
    """Context manager that runs a Python program and yields it with the file of its output."""
    with tempfile.NamedTemporaryFile(prefix="regnet-", delete=False) as log:
        running = Supervised(Command([sys.executable, "-c", program, *words], os.environ, Path(log.name)))
        try:
            yield running, Path(f"/proc/self/fd/{log.fileno()}")
        finally:
            running.end()
        assert not Path(log.name).exists()


def family(log: Path) -> list[psutil.Process]:
    """The supervisor and all its descendants, once the program is ready."""
    while "ready" not in log.read_text():
        time.sleep(0.02)
    [supervising] = [child for child in psutil.Process().children() if supervisor.TARGET in child.cmdline()]
    return [supervising, *supervising.children(recursive=True)]


def test_program_that_exits() -> None:
    with supervised("print('its output'); raise SystemExit(4)") as (running, log):
        assert running.wait(20) == "exit code 4"
        assert log.read_text() == "its output\n"
        assert running.wait(1) is not None


def test_waiting_for_a_running_program() -> None:
    with supervised(SLEEP) as (running, _):
        assert running.wait(0.1) is None


@pytest.mark.parametrize(("stubborn", "seconds"), [("", supervisor.GRACE), (STUBBORN, 2 * supervisor.GRACE)])
def test_program_is_ended_with_its_descendants(stubborn: str, seconds: float) -> None:
    with supervised(f"{stubborn}{FAMILY}{SLEEP}", stubborn) as (running, log):
        started = family(log)
        assert len(started) == 3
        begin = time.monotonic()
        running.end()
        assert time.monotonic() - begin < seconds
        assert ended(started, 0.5)


def test_program_has_default_signal_handlers() -> None:
    asked = "import signal; print([signal.getsignal(n) for n in (2, 1, 15)], signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    with supervised(asked) as (running, log):
        assert running.wait(20) == "exit code 0"
        handlers, _, blocked = log.read_text().strip().rpartition(" ")
    assert handlers.count("SIG_DFL") == 2
    assert handlers.count("default_int_handler") == 1
    assert blocked == "set()"


def test_program_ends_with_its_supervisor() -> None:
    with supervised(SLEEP) as (running, log):
        started = family(log)
        started[0].kill()
        assert running.wait(10) == f"process {started[0].pid} ended with exit code -9 (SIGKILL)"
        assert ended(started, 20)


PROGRAM = """
import os, tempfile
from regnet.processes.supervisor import Command, Supervised
log = tempfile.NamedTemporaryFile(delete=False)
running = Supervised(Command([sys.executable, "-c", sys.argv[1], ""], os.environ, Path(log.name)))
while b"ready" not in Path(f"/proc/self/fd/{log.fileno()}").read_bytes():
    pass
with Path("ready").open("w"):
    pass
sys.stdin.read()
"""


@pytest.fixture
def _hangup_is_not_ignored() -> Iterator[None]:
    """With ``nohup``, which a process passes on to those that it starts, no program ends with its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_hangup_is_not_ignored")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_program_ends_with_the_process_that_started_it(number: signal.Signals, tmp_path: Path) -> None:
    with script(tmp_path, "echo", PROGRAM, f'"{FAMILY}{SLEEP}"') as parent:
        while not (tmp_path / "ready").exists():
            assert parent.poll() is None
            time.sleep(0.02)
        started = psutil.Process(parent.pid).children(recursive=True)
        assert len(started) == 4
        parent.send_signal(number)
        assert ended(started, 20)
