"""Child processes: their failures are detected and reported, and none outlives the process that started it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from regnet.errors import RegnetError
from regnet.processes.child import Child, ChildEnded, describe_exit
from tests.endings import ended, runs
from tests.processes.targets import SILENT

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regnet.processes.child.SILENCE", SILENT)


@contextmanager
def running(name: str, **options: object) -> Iterator[Child]:
    """Context manager that runs a target in a child process, which is ended on exit."""
    child = Child(f"tests.processes.targets:{name}", **options)  # type: ignore[arg-type]
    process = psutil.Process(child.pid)
    try:
        yield child
    finally:
        child.end(grace=0)
        assert not runs(process)


def test_messages_are_exchanged() -> None:
    with running("echo") as child:
        for message in (b"", b"short", bytes(10_000_000)):
            child.write(message)
            assert child.receive() == message
        assert child.silence < SILENT
        assert child.end() == 0


def test_environment_of_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "random.py").write_text("raise AssertionError('a file of the working directory was imported')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("/an/unusual/place")
    with running("describe", environment={"GREETING": "hello"}) as child:
        path, folder, greeting, mark, blocked = pickle.loads(child.receive())
    assert path == sys.path
    assert (folder, greeting, mark) == (str(tmp_path), "hello", None)
    assert set(blocked) >= {signal.SIGINT, signal.SIGHUP}
    assert "GREETING" not in os.environ


def test_child_that_exits() -> None:
    with running("end_with_code") as child:
        child.write(b"go")
        with pytest.raises(ChildEnded, match=rf"^process {child.pid} ended with exit code 7$"):
            child.receive()
        child.write(b"dropped")


def test_messages_before_an_exit_are_read() -> None:
    with running("answer_and_exit") as child:
        assert ended([psutil.Process(child.pid)], 10)
        assert child.silence < SILENT
        assert child.receive() == b"last"
        with pytest.raises(ChildEnded, match="exit code 3"):
            child.receive()


@pytest.mark.parametrize("target", ["raise_error", "no_such_function"])
def test_child_that_fails_reports_the_error(target: str, capfd: pytest.CaptureFixture[str]) -> None:
    with running(target) as child, pytest.raises(ChildEnded, match="ended with exit code 1"):
        child.receive()
    assert capfd.readouterr().err.splitlines()[-1].startswith(("ZeroDivisionError: mine", "AttributeError: "))


def test_killed_child() -> None:
    with running("echo") as child:
        child.write(b"ready")
        child.receive()
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(ChildEnded, match=r"ended with exit code -9 \(SIGKILL\)$"):
            child.receive()


def test_terminated_child() -> None:
    with running("echo") as child:
        child.write(b"ready")
        child.receive()
        child.interrupt()
        with pytest.raises(ChildEnded, match=r"-15 \(SIGTERM\)"):
            child.receive()


def check_timeout(child: Child, state: str) -> None:
    start = time.monotonic()
    with pytest.raises(ChildEnded, match=rf"^process \d+ neither answered nor used its processor for 2 s \({state}\), and was"):
        child.receive()
    assert SILENT - 1 < time.monotonic() - start < SILENT + 3


def test_stopped_child() -> None:
    with running("echo") as child:
        child.write(b"ready")
        child.receive()
        os.kill(child.pid, signal.SIGSTOP)
        child.write(b"who is there?")
        check_timeout(child, "stopped")


@pytest.mark.slow
@pytest.mark.parametrize("target", ["hold_the_gil", "stop_in_the_middle"])
def test_stuck_child(target: str) -> None:
    with running(target) as child:
        check_timeout(child, "sleeping")


@pytest.mark.slow
def test_child_that_reads_no_messages() -> None:
    with running("read_nothing") as child:
        start = time.monotonic()
        with pytest.raises(ChildEnded, match="neither answered"):
            child.write(bytes(10_000_000))
        assert time.monotonic() - start < 2 * SILENT + 3


@pytest.mark.slow
@pytest.mark.parametrize("target", ["wait_for_a_working_process", pytest.param("work_for_long", marks=pytest.mark.long)])
def test_working_child_is_waited_for(target: str) -> None:
    with running(target) as child:
        assert child.receive() == b"done"


def test_child_whose_connection_stays_open() -> None:
    with running("leave_the_connection_open") as child:
        other = int(child.receive())
        try:
            with pytest.raises(ChildEnded, match=r"^process \d+ ended with exit code 5$"):
                child.receive()
        finally:
            os.kill(other, signal.SIGKILL)


def test_child_that_does_not_exit_is_killed() -> None:
    with running("sleep_in_a_thread") as child:
        assert child.receive() == b"returned"
        assert child.end(grace=0.5) == -signal.SIGKILL


def test_child_outlives_the_thread_that_started_it() -> None:
    started: list[Child] = []
    thread = threading.Thread(target=lambda: started.append(Child("tests.processes.targets:echo")))
    thread.start()
    thread.join()
    (child,) = started
    child.write(b"still here?")
    assert child.receive() == b"still here?"
    time.sleep(0.3)
    child.write(b"and now?")
    assert child.receive() == b"and now?"
    assert child.end() == 0


def test_error_if_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(RegnetError, match=r"^no process can be started: No such file or directory$"):
        Child("tests.processes.targets:echo")


def test_exit_codes_as_text() -> None:
    assert describe_exit(None) == "cannot be ended"
    assert describe_exit(-200) == "ended with exit code -200"


SCRIPT = """
import sys
from pathlib import Path
from regnet.processes.child import Child
MARK = "the script's own"
with Path("runs").open("a") as runs:
    runs.write("once ")
child = Child("tests.processes.targets:{target}")
if "{target}" == "echo":
    child.write(b"ready")
    assert child.receive() == b"ready"
with Path("pid").open("w") as pid:
    print(child.pid, file=pid)
{then}
"""


@contextmanager
def script(folder: Path, target: str, then: str, streams: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Context manager that runs a script and waits until it has started a child process."""
    (folder / "script.py").write_text(SCRIPT.format(target=target, then=then), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    shell = ["bash", "-c", f"exec {sys.executable} script.py {streams}"]
    with subprocess.Popen(shell, cwd=folder, env=environment, stdin=subprocess.PIPE, process_group=0) as process:
        try:
            while not (folder / "pid").exists() or not (folder / "pid").read_text():
                assert process.poll() is None
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


def started(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "pid").read_text()))


@pytest.mark.parametrize("trouble", ["idle", "stopped", "stuck", "starting"])
def test_child_ends_with_a_killed_parent(trouble: str, tmp_path: Path) -> None:
    target = {"stuck": "hold_the_gil", "starting": "read_nothing"}.get(trouble, "echo")
    with script(tmp_path, target, "sys.stdin.read()") as parent:
        child = started(tmp_path)
        if trouble == "stopped":
            child.suspend()
        if trouble == "stuck":
            time.sleep(0.5)
        parent.kill()
        assert ended([child], 2)


@pytest.mark.parametrize("streams", ["", "<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_script_without_a_main_guard_and_with_closed_streams(streams: str, tmp_path: Path) -> None:
    end = "assert child.end() == 0\nPath('end').touch()"
    with script(tmp_path, "echo", end, streams) as parent:
        assert parent.wait(10) == 0
    assert (tmp_path / "end").exists()
    assert (tmp_path / "runs").read_text() == "once "


def test_child_ignores_signals_of_the_terminal(tmp_path: Path) -> None:
    ask = "import time\ntime.sleep(1)\nchild.write(b'there?')\nassert child.receive() == b'there?'\nassert child.end() == 0"
    ignoring = f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n{ask}"
    with script(tmp_path, "echo", f"{ignoring}") as parent:
        time.sleep(0.3)
        os.killpg(parent.pid, signal.SIGINT)
        os.killpg(parent.pid, signal.SIGHUP)
        assert parent.wait(10) == 0
