"""Contender processes that are killed, stopped or stuck are reported in one line within a time limit and leave nothing behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from regnet.bench import floor
from regnet.bench.contender import Contender
from regnet.bench.problem import Problem
from regnet.bench.process import Racer
from regnet.bench.program import InProcess, Program
from regnet.errors import RegnetError
from tests.endings import ended, runs

pytestmark = pytest.mark.timeout(60)

SILENT = 2.0
"""The time limit in seconds, instead of a minute."""
NOTICED = SILENT + 3


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regnet.processes.child.SILENCE", SILENT)


def sleep_when_asked_for_many() -> Program:
    """Sleeps a tenth of a second for each epoch; for a thousand or more it waits in C while holding the GIL."""

    def run(epochs: int) -> None:
        if epochs >= 1000:
            ctypes.PyDLL(None).sleep(1000)
        time.sleep(0.1 * epochs)

    return InProcess(run, lambda: np.zeros(1))


def stuck_in_c() -> Program:
    ctypes.PyDLL(None).sleep(1000)
    raise AssertionError


def keep_files() -> Program:
    print("noise")
    Path(tempfile.mkdtemp()).joinpath("file").touch()
    return InProcess(lambda epochs: time.sleep(0.1 * epochs), lambda: np.zeros(1))


@contextmanager
def started(prepare: Callable[[], Program]) -> Iterator[Racer]:
    racer = Racer(Contender("solo", 1, "it", prepare))
    process = psutil.Process(racer.pid)
    try:
        yield racer
    finally:
        racer.stop()
    assert not runs(process)


def killed(racer: Racer) -> None:
    os.kill(racer.pid, signal.SIGKILL)


def stopped(racer: Racer) -> None:
    os.kill(racer.pid, signal.SIGSTOP)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "epochs", "reason"),
    [
        (killed, 1, r"ended with exit code -9 \(SIGKILL\): probably out of memory"),
        (stopped, 1, r"neither answered nor used its processor for 2 s \(stopped\)"),
        (lambda racer: None, 1000, r"neither answered nor used its processor for 2 s \(sleeping\)"),
    ],
    ids=["killed", "stopped", "stuck"],
)
def test_lap_without_an_answer(trouble: Callable[[Racer], None], epochs: int, reason: str) -> None:
    with started(sleep_when_asked_for_many) as racer:
        racer.ready()
        trouble(racer)
        begin = time.monotonic()
        with pytest.raises(RegnetError, match=rf"bench: it: process {racer.pid} {reason}"):
            racer.lap(epochs)
        assert time.monotonic() - begin < NOTICED


@pytest.mark.slow
def test_start_that_does_not_finish() -> None:
    with started(stuck_in_c) as racer, pytest.raises(RegnetError, match=r"bench: it: process \d+ neither answered"):
        racer.ready()


def test_no_output_and_no_files_are_left(capfd: pytest.CaptureFixture[str]) -> None:
    with started(keep_files) as racer:
        racer.ready()
        folder = Path(psutil.Process(racer.pid).environ()["TMPDIR"])
        assert [path.name for path in folder.glob("*/*")] == ["file"]
        racer.finish()
        assert not folder.exists()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "noise\n")


ASIDE = """
import sys
from regnet.bench.contender import Contender
from regnet.bench.process import Racer
from tests.bench.test_process import floor_on_nothing
racer = Racer(Contender("c", 1, "plain C", floor_on_nothing))
racer.ready()
print(racer.pid, flush=True)
racer.lap(1)
sys.stdin.read()
"""


def floor_on_nothing() -> Program:
    """The C program with the paper's network, inputs and targets of 0, and a short time limit."""
    vars(floor)["SILENCE"] = SILENT
    sizes = [2, 25, 25, 25, 2]
    layers = tuple((np.zeros((1, n, m), np.float32), np.zeros((1, m), np.float32)) for n, m in pairwise(sizes))
    data = np.zeros((3, 1, 10, 2), np.float32)
    return floor.prepare(Problem(layers, x=data, target=data, learning_rate=0.1))


needs_compiler = pytest.mark.skipif(not floor.find_compiler(), reason="there is no C compiler here")


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGKILL, r"bench: it failed: floor\.c ended with exit code -9 \(SIGKILL\) when asked for \d+ epochs"),
        (signal.SIGSTOP, r"bench: it.* neither answered nor used its processor for 2 s"),
    ],
)
def test_failures_of_the_c_program(number: signal.Signals, reason: str) -> None:
    with started(floor_on_nothing) as racer:
        racer.ready()
        (program,) = psutil.Process(racer.pid).children()
        program.send_signal(number)
        with pytest.raises(RegnetError, match=reason):
            racer.lap(1)
        racer.stop()
        assert ended([program], 5)


@needs_compiler
@pytest.mark.parametrize("target", ["contender", "command"])
def test_c_program_ends_with_its_parent(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = subprocess.Popen([sys.executable, "-c", ASIDE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with command:
        assert command.stdout
        contender = psutil.Process(int(command.stdout.readline()))
        (program,) = contender.children()
        (contender if target == "contender" else command).kill()
        assert ended([contender, program], 2)
        command.kill()


COMMAND = f"""
import regnet.processes.child
regnet.processes.child.SILENCE = {SILENT}
from regnet.cli import command
command()
"""
FOREVER = ["bench", "--contenders", "solo,lockstep:2", "--rounds", "1000000", "--epochs", "1"]


@contextmanager
def racing(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """Context manager that runs `regnet bench` and yields the processes of its two contenders."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", COMMAND, *FOREVER], cwd=folder, stdout=pipe, stderr=pipe, text=True) as command:
        try:
            yield command, wait_for_contenders(command)
        finally:
            command.kill()


def wait_for_contenders(command: subprocess.Popen[str]) -> list[psutil.Process]:
    while command.poll() is None:
        found = psutil.Process(command.pid).children()
        if len(found) == 2 and all(each.cpu_times().user > 1 for each in found):
            return found
        time.sleep(0.1)
    raise AssertionError(command.communicate())


@pytest.mark.slow
def test_stopped_contender_ends_the_command(tmp_path: Path) -> None:
    with racing(tmp_path) as (command, contenders):
        contenders[0].suspend()
        out, stderr = command.communicate(timeout=20)
        assert (command.returncode, out) == (2, "")
        assert stderr.startswith(f"regnet: bench: hand-built, solo: process {contenders[0].pid} neither answered")
        assert stderr.count("\n") == 1
        assert ended(contenders, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_contenders_end_with_the_command(
    number: signal.Signals, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with racing(tmp_path) as (command, contenders):
        folders = [Path(each.environ()["TMPDIR"]) for each in contenders]
        contenders[1].suspend()
        command.send_signal(number)
        assert ended(contenders, 2)
        assert command.wait(5) == code
        assert number is signal.SIGKILL or not any(folder.exists() for folder in folders)
