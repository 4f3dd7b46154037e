"""An external program that ends when regnet does: a small process starts it, waits for it, and ends it with its descendants."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Final

from regnet.processes.child import POLL, Child, ChildEnded
from regnet.processes.entry import end_with
from regnet.processes.start import TERMINAL

GRACE: Final = 1.5
"""Seconds that the program has to end by itself."""
TARGET: Final = "regnet.processes.supervisor:supervise"


@dataclass(frozen=True)
class Command:
    """The program to run."""

    words: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    """The file for its output; it is unlinked as soon as it is open, so that it need not be removed later."""


class Supervised:
    """A running program, as seen by the process that asked for it."""

    def __init__(self, command: Command) -> None:
        message = pickle.dumps(replace(command, environment=dict(command.environment)))
        self._supervisor = Child(TARGET, outlives=True)
        self._supervisor.write(message)

    def wait(self, seconds: float) -> str | None:
        """Return how the program ended, if it ends within that time."""
        if not self._supervisor.connection.poll(seconds):
            return None
        try:
            return str(pickle.loads(self._supervisor.read()))
        except ChildEnded as error:
            return str(error)

    def end(self) -> None:
        """End the program and its descendants, by force if they take too long."""
        self._supervisor.end(3 * GRACE)


def supervise(connection: Connection) -> None:
    """Run in the supervising process: run the program until it ends or the connection is closed."""
    _ignore_signals()
    command: Command = pickle.loads(connection.recv_bytes())
    with command.output.open("wb") as output:
        command.output.unlink()
        program = subprocess.Popen(
            command.words,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_supervisor(),  # noqa: PLW1509  # there is one thread here
        )
    while program.poll() is None and not connection.poll(POLL):  # nothing is ever sent: readable means closed
        pass
    code = program.poll()
    _end_session(program)
    with suppress(ConnectionError):  # the other end may be closed
        connection.send_bytes(pickle.dumps(f"exit code {code}"))


def _ignore_signals() -> None:
    """Ignore the signals that end other processes, with handlers, which the program does not inherit."""
    for number in {signal.SIGTERM, *TERMINAL}:
        signal.signal(number, _ignore)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)


def _end_with_supervisor() -> Callable[[], None] | None:
    """Return what the program runs first, so that it ends even if the supervisor is killed."""
    return partial(end_with, os.getpid(), signal.SIGTERM) if sys.platform == "linux" else None


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: the end of the connection ends the program."""


def _end_session(program: subprocess.Popen[bytes]) -> None:
    """End the program and its session, with SIGTERM first, then with SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(program.pid, number)
        with suppress(subprocess.TimeoutExpired):
            program.wait(GRACE)
