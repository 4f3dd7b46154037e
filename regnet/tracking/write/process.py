"""The writing process, as seen by the training process: one for each Python process, started when it is first needed."""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from regnet.errors import TrackingError
from regnet.processes.child import POLL, Child, ChildEnded
from regnet.tracking.store.messages import Closed, Destination, Record, Reply
from regnet.tracking.store.passwords import without_password

TARGET: Final = "regnet.tracking.write.writer:serve"
PICKLE_PROTOCOL = 5
PATIENCE: Final = 180.0
"""Maximum time in seconds to wait for a store while the writing process neither works nor reports anything."""
LAST: Final = 60.0
"""Time in seconds that the writing process has at the end to write the remaining records."""


class Channel:
    """A connection that sends records to one destination."""

    def __init__(self, number: int, destination: Destination, process: WritingProcess) -> None:
        self._number = number
        self._store = without_password(destination.uri)
        self._process = process
        self._answered = threading.Event()
        self._problem: str | None = None
        self._reported = False

    def send(self, record: Record) -> None:
        """Send a record without waiting for it to be written."""
        self._process.send(pickle.dumps((self._number, record), PICKLE_PROTOCOL))

    def check(self) -> None:
        """Check whether the writing process has reported an error.

        Raises:
            TrackingError: something cannot be written.
        """
        if self._problem is not None:
            self._reported = True
            raise TrackingError(self._problem)

    def close(self) -> None:
        """Wait until all records are written, as long as the writing process is active.

        Raises:
            TrackingError: something cannot be written, and `check` has not raised this error before.
        """
        self.send(Closed())
        while not self._answered.wait(POLL):
            if self._process.silence > PATIENCE:
                self.answer(
                    f"the MLflow store {self._store} has not answered for {PATIENCE:.0f} s, and data not yet written is lost: "
                    "check that it is running and not locked, or use tracking=none"
                )
        if not self._reported:
            self.check()

    def answer(self, problem: str | None) -> None:
        """Store the writing process's answer: an error, or None for success. Only the first answer counts."""
        if not self._answered.is_set():
            self._problem = problem
            self._answered.set()


class WritingProcess:
    """A running `regnet.tracking.write.writer`, and a thread that sends it records so that training never waits."""

    def __init__(self) -> None:
        self._child = Child(TARGET, outlives=True)  # it marks the runs of a killed process as killed
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._numbers = itertools.count()
        self._channels: dict[int, Channel] = {}
        self._failure: str | None = None
        """Why the process has ended, once it has."""
        self._sender = threading.Thread(target=self._send, daemon=True, name="regnet-tracking-send")
        self._receiver = threading.Thread(target=self._receive, daemon=True, name="regnet-tracking-receive")
        self._sender.start()
        self._receiver.start()
        atexit.register(self.end, os.getpid())

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process accepts records."""
        return self._failure is None

    @property
    def silence(self) -> float:
        """The time in seconds for which the process has been inactive."""
        return self._child.silence

    def open(self, destination: Destination) -> Channel:
        """Open a channel to a destination; closing it is optional, and only needed to wait until the records are written."""
        number = next(self._numbers)
        channel = self._channels[number] = Channel(number, destination, self)
        channel.send(destination)
        if not self.running:
            channel.answer(self._failure)
        return channel

    def send(self, message: bytes) -> None:
        """Queue a message without waiting for it to be sent."""
        self._outbox.put(message)

    def end(self, owner: int) -> None:
        """Let the process write what it has received, then end it; do nothing in a process forked from the owner.

        Args:
            owner: the id of the process that started the writing process.
        """
        if os.getpid() == owner:
            self._outbox.put(None)
            self._sender.join(LAST)
            self._receiver.join(LAST)
            self._child.kill()

    def _send(self) -> None:
        with suppress(ChildEnded, OSError):  # the receiver reports it
            while (message := self._outbox.get()) is not None:
                self._child.write(message)
        self._child.finish()

    def _receive(self) -> None:
        try:
            while True:
                self._answer(pickle.loads(self._child.wait_for_message()))
        except ChildEnded as error:
            self._failure = (
                f"the writing {error}, and the last seconds of this launch are not in the MLflow store: "
                "check that there is enough memory and disk space, or use tracking=none"
            )
        for channel in list(self._channels.values()):
            channel.answer(self._failure)

    def _answer(self, reply: Reply) -> None:
        self._channels.pop(reply.channel).answer(reply.problem)


_lock = threading.Lock()
_processes: dict[int, WritingProcess] = {}
"""The writing process, by the id of the Python process that started it: a forked process starts a new one."""


def writing_process() -> WritingProcess:
    """Return the writing process of this Python process; start it if it is not running."""
    with _lock:
        process = _processes.get(os.getpid())
        if process is None or not process.running:
            process = _processes[os.getpid()] = WritingProcess()
        return process
