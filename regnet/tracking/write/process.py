"""The writing process, as seen by the training process: one for each Python process, started when it is first needed."""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from regnet.credentials import hide
from regnet.errors import StoreAway, TrackingError
from regnet.processes.child import POLL, Child, ChildEnded
from regnet.tracking.store.messages import Closed, Destination, Ping, Record, Reply

TARGET: Final = "regnet.tracking.write.writer:serve"
PICKLE_PROTOCOL = 5
PATIENCE: Final = 180.0
"""Maximum time in seconds to wait for a store while the writing process neither works nor reports anything."""
ASK: Final = 10.0
"""Time in seconds after which the writing process is asked again whether it works."""
ANSWER: Final = 30.0
"""Time in seconds after which the answer is overdue, if the process is suspended; after twice this time, it is replaced."""
LAST: Final = 60.0
"""Time in seconds that the writing process has at the end to write the remaining records."""


class Channel:
    """A connection that sends records to one destination."""

    def __init__(self, number: int, destination: Destination, process: WritingProcess) -> None:
        self._number = number
        self._store = hide(destination.uri)
        self._process = process
        self._answered = threading.Event()
        self._problem: TrackingError | None = None

    def send(self, record: Record) -> None:
        """Send a record without waiting for it to be written."""
        self._process.send(pickle.dumps((self._number, record), PICKLE_PROTOCOL))

    @property
    def problem(self) -> TrackingError | None:
        """Why records cannot be written: a StoreAway if it may pass; None if nothing is known to be wrong."""
        self._process.end_if_stuck()
        return self._problem

    def check(self) -> None:
        """Check whether the writing process has reported an error.

        Raises:
            TrackingError: something cannot be written.
        """
        if (problem := self.problem) is not None:
            raise problem

    def close(self) -> None:
        """Wait until all records are written, as long as the writing process is active.

        Raises:
            TrackingError: something cannot be written.
        """
        self.send(Closed())
        while not self._answered.wait(POLL):
            self._process.end_if_stuck()
            if self._process.silence > PATIENCE:
                self.answer(
                    f"the MLflow store {self._store} has not answered for {PATIENCE:.0f} s: check that it is running and not locked"
                )
        self.check()

    def answer(self, problem: str | None, *, fatal: bool = False) -> None:
        """Store the writing process's answer: an error, or None for success. Only the first answer counts."""
        if not self._answered.is_set():
            self._problem = None if problem is None else (TrackingError if fatal else StoreAway)(problem)
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
        self._reason: str | None = None
        """Why the process was killed, if it was."""
        self._asked: float | None = None
        """When the process was asked whether it works, if it has not answered yet."""
        self._late = False
        """Whether the answer is overdue."""
        self._answered = time.monotonic()
        """When the process answered last."""
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

    def end_if_stuck(self) -> None:
        """Ask the process from time to time whether it works; kill it if it does not answer, so that another replaces it."""
        now = time.monotonic()
        if self._asked is None:
            if now - self._answered > ASK:
                self._asked, self._late = now, False
                self.send(pickle.dumps(Ping(), PICKLE_PROTOCOL))
        elif now - self._asked > ANSWER and self._failure is None:
            if self._late:
                self._reason = f"did not answer for {2 * ANSWER:.0f} s ({self._child.state}) and was ended"
                self._child.kill()
            self._asked, self._late = now, True  # once more: both processes may have been suspended until now

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
            how = f"process {self.pid} {self._reason}" if self._reason else str(error)
            self._failure = f"the writing {how}: check that there is enough memory and disk space"
        for channel in list(self._channels.values()):
            channel.answer(self._failure)

    def _answer(self, reply: Reply | Ping) -> None:
        if isinstance(reply, Ping):
            self._asked, self._answered = None, time.monotonic()
        elif (channel := self._channels.pop(reply.channel, None)) is not None:
            channel.answer(reply.problem, fatal=reply.fatal)


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
