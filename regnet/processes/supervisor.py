"""A program of others that ends when regnet does: a small process starts it, waits beside it, and ends it with all it started."""

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
    """What to run."""

    words: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    """The file that takes what it prints; its name is removed as soon as it is open, so that nobody has to do it later."""


class Supervised:
    """A running program, seen from here."""

    def __init__(self, command: Command) -> None:
        message = pickle.dumps(replace(command, environment=dict(command.environment)))
        self._supervisor = Child(TARGET, outlives=True)
        self._supervisor.write(message)

    def wait(self, seconds: float) -> str | None:
        """How the program ended, if it does so within that time."""
        if not self._supervisor.connection.poll(seconds):
            return None
        try:
            return str(pickle.loads(self._supervisor.read()))
        except ChildEnded as error:
            return str(error)

    def end(self) -> None:
        """Ends the program and all that it started, with force if they take too long."""
        self._supervisor.end(3 * GRACE)


def supervise(connection: Connection) -> None:
    """What runs in the process beside the program, until the program ends or nobody is left at the other end."""
    _leave_signals_to_others()
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
    while program.poll() is None and not connection.poll(POLL):  # nothing is ever sent: what can be read is the end
        pass
    code = program.poll()
    _end_session(program)
    with suppress(ConnectionError):  # there may be nobody left to read it
        connection.send_bytes(pickle.dumps(f"exit code {code}"))


def _leave_signals_to_others() -> None:
    """Has this process take no notice of what ends others, but by handlers, which the program does not inherit."""
    for number in {signal.SIGTERM, *TERMINAL}:
        signal.signal(number, _ignore)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)


def _end_with_supervisor() -> Callable[[], None] | None:
    """What the program does first, so that it does not outlive even a supervisor that is killed."""
    return partial(end_with, os.getpid(), signal.SIGTERM) if sys.platform == "linux" else None


def _ignore(number: int, frame: FrameType | None) -> None:
    """Whoever is meant closes the connection."""


def _end_session(program: subprocess.Popen[bytes]) -> None:
    """Ends the program and whatever it started, politely at first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(program.pid, number)
        with suppress(subprocess.TimeoutExpired):
            program.wait(GRACE)
