"""A child process, as seen by its parent: a new interpreter, connected by messages, and never waited for without a limit."""

from __future__ import annotations

import fcntl
import math
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final

from regnet.errors import RegnetError
from regnet.processes.activity import Activity, kill_tree
from regnet.processes.start import Start, start

SILENCE: Final = 60.0
"""Seconds for which an awaited process may neither send anything nor use its processor."""
POLL: Final = 0.5
"""Seconds between two checks of awaited processes."""
END: Final = 5.0
"""Seconds that a process has to end by itself when it is no longer needed."""

BOOT: Final = """\
# a process of regnet
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
try:
    parent, sys.path[:], outlives = connection.recv()
except EOFError:
    sys.exit("the process that started this one has ended")
from regnet.processes.entry import serve
serve(sys.argv[2], connection, parent, outlives)
"""
"""What a child runs first. It has this process's module path, but does not import this process's main module."""


class ChildEnded(RegnetError):
    """A child process ended, or was ended because it did not answer, before it sent what was requested."""


class Child:
    """A Python process that runs one function of regnet, and ends when this process does.

    It is a new interpreter, not a copy of this one, with this one's module path, environment and working directory. Ctrl-C and a
    closed terminal do not reach it: this process handles them.

    Args:
        target: the function to run, as ``module:function``; it is called with the child's end of the connection.
        outlives: whether it continues if this process is killed, until it finds its connection closed.
        environment: variables to set besides those of this process.

    Raises:
        RegnetError: the system cannot start another process.
    """

    def __init__(self, target: str, *, outlives: bool = False, environment: Mapping[str, str] | None = None) -> None:
        try:
            self.connection, passed = _connected()
        except OSError as error:  # too many files are open
            raise RegnetError(f"no process can be started: {error.strerror}") from error
        words = [sys.executable, "-P", "-c", BOOT, str(passed), target]
        try:
            self._process = start(Start(words, os.environ | (environment or {}), passed))
        except (OSError, RuntimeError) as error:
            self.connection.close()
            raise RegnetError(f"no process can be started: {getattr(error, 'strerror', error)}") from error
        finally:
            os.close(passed)
        self._activity = Activity(self._process.pid)
        with suppress(ConnectionError):  # it has already ended, which `receive` and `silence` report
            self.connection.send((os.getpid(), sys.path, outlives))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def silence(self) -> float:
        """How many seconds it has neither sent anything nor used its processor, added up over the reads of this property.

        Infinite if it has ended and everything that it sent is read, even if a process that it started keeps the connection open.
        """
        ended = self._process.poll() is not None and not self.connection.poll()
        return math.inf if ended else self._activity.silence()

    @property
    def state(self) -> str:
        """The process's state according to the system, such as ``sleeping`` or ``stopped``."""
        return self._activity.state()

    def receive(self) -> bytes:
        """Wait for the next message while the process is active, and return it.

        Raises:
            ChildEnded: it ended, or it did not answer.
        """
        while not self.connection.poll(POLL):
            if self.silence > SILENCE:
                raise self.unresponsive()
        return self.read()

    def wait_for_message(self) -> bytes:
        """Wait for the next message until the process ends, and return it; for a thread with no other work.

        Raises:
            ChildEnded: it ended.
        """
        self.connection.poll(None)
        return self.read()

    def read(self) -> bytes:
        """Read the message that has started to arrive.

        Raises:
            ChildEnded: it ended, or the rest of the message did not arrive.
        """
        try:
            message = self.connection.recv_bytes()
        except BlockingIOError:
            raise self.unresponsive() from None
        except (EOFError, ConnectionError):
            raise ChildEnded(f"process {self.pid} {describe_exit(self.end())}") from None
        self._activity.note()
        return message

    def write(self, message: bytes) -> None:
        """Send a message, and expect activity from now on; a message to a process that has ended is dropped.

        Raises:
            ChildEnded: it does not take the message.
        """
        self._activity.note()
        try:
            self.connection.send_bytes(message)
        except BlockingIOError:
            raise self.unresponsive() from None
        except OSError:  # nobody reads it, or the connection is closed here
            pass

    def finish(self) -> None:
        """Signal that no more messages will be sent, which ends a serving process; what it still sends can be read."""
        with suppress(OSError), socket.socket(fileno=os.dup(self.connection.fileno())) as ours:
            ours.shutdown(socket.SHUT_WR)

    def unresponsive(self) -> ChildEnded:
        """End a process that has been silent for too long, and return the error that reports it."""
        if self._process.poll() is not None:
            return ChildEnded(f"process {self.pid} {describe_exit(self.end())}")
        state = self.state
        self.end(grace=0)
        return ChildEnded(
            f"process {self.pid} neither answered nor used its processor for {SILENCE:.0f} s ({state}), and was ended"
        )

    def interrupt(self) -> None:
        """Ask the process to stop its work, with SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process and its descendants."""
        if self._process.poll() is None:
            kill_tree(self.pid)

    def end(self, grace: float = END) -> int | None:
        """Wait for the process to end by itself, then kill it and its descendants; return its exit code, if there is one."""
        self.connection.close()
        if grace > 0:
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(grace)
        self.kill()
        with suppress(subprocess.TimeoutExpired):  # SIGKILL does not end a process that waits for a broken disk
            return self._process.wait(END)
        return None


def describe_exit(code: int | None) -> str:
    """Return an exit code in words, such as ``ended with exit code -9 (SIGKILL)``."""
    if code is None:
        return "cannot be ended"
    named = f" ({signal.Signals(-code).name})" if code < 0 and -code in set(signal.Signals) else ""
    return f"ended with exit code {code}{named}"


def _connected() -> tuple[Connection, int]:
    """Return our end of a new connection, with timeouts for partial messages, and the descriptor of the other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", int(SILENCE), 0))
        return Connection(_above_streams(ours)), _above_streams(theirs)


def _above_streams(end: socket.socket) -> int:
    """Duplicate a descriptor to a number above the standard streams', any of which may be closed in this process."""
    return fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3)
