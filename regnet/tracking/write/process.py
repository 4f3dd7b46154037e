"""The training process's end of the writing process: one for each Python process, started when it is first needed."""

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
"""Seconds for which a store may be waited for while the writing process neither writes nor reports anything."""
LAST: Final = 60.0
"""Seconds that the writing process has at the end to write what it was sent."""


class Channel:
    """The way of records to one destination."""

    def __init__(self, number: int, destination: Destination, process: WritingProcess) -> None:
        self._number = number
        self._store = without_password(destination.uri)
        self._process = process
        self._answered = threading.Event()
        self._problem: str | None = None
        self._told = False

    def send(self, record: Record) -> None:
        """Hands a record over, without waiting for it to be written."""
        self._process.send(pickle.dumps((self._number, record), PICKLE_PROTOCOL))

    def check(self) -> None:
        """Raises TrackingError if the writing process has said that something cannot be written."""
        if self._problem is not None:
            self._told = True
            raise TrackingError(self._problem)

    def close(self) -> None:
        """Waits until all that was sent is written, as long as the writing process works or the store answers.

        Raises:
            TrackingError: it cannot be written, and `check` has not said so before.
        """
        self.send(Closed())
        while not self._answered.wait(POLL):
            if self._process.silence > PATIENCE:
                self.answer(
                    f"the MLflow store {self._store} has not answered for {PATIENCE:.0f} s, and what was not yet written is lost: "
                    "see that it is up and not locked, or use tracking=none"
                )
        if not self._told:
            self.check()

    def answer(self, problem: str | None) -> None:
        """Takes the writing process's word; the first one counts."""
        if not self._answered.is_set():
            self._problem = problem
            self._answered.set()


class WritingProcess:
    """A running `regnet.tracking.write.writer`, fed by a thread, so that sending a record never waits."""

    def __init__(self) -> None:
        self._child = Child(TARGET, outlives=True)  # it says in the store what became of the runs of a killed process
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._numbers = itertools.count()
        self._channels: dict[int, Channel] = {}
        self._last_words: str | None = None
        self._sender = threading.Thread(target=self._send, daemon=True, name="regnet-tracking-send")
        self._receiver = threading.Thread(target=self._receive, daemon=True, name="regnet-tracking-receive")
        self._sender.start()
        self._receiver.start()
        atexit.register(self.end, os.getpid())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process takes records."""
        return self._last_words is None

    @property
    def silence(self) -> float:
        """For how many seconds it has done nothing."""
        return self._child.silence

    def open(self, destination: Destination) -> Channel:
        """A channel to that destination; it need not be closed if nobody waits for what was sent."""
        number = next(self._numbers)
        channel = self._channels[number] = Channel(number, destination, self)
        channel.send(destination)
        if not self.running:
            channel.answer(self._last_words)
        return channel

    def send(self, message: bytes) -> None:
        """Hands a message over, without waiting for it to be sent."""
        self._outbox.put(message)

    def end(self, owner: int) -> None:
        """Lets it write what it has, and end; nothing happens in a process that was forked from the owner."""
        if os.getpid() == owner:
            self._outbox.put(None)
            self._sender.join(LAST)
            self._receiver.join(LAST)
            self._child.kill()

    def _send(self) -> None:
        with suppress(ChildEnded, OSError):  # as the receiver says
            while (message := self._outbox.get()) is not None:
                self._child.write(message)
        self._child.finish()

    def _receive(self) -> None:
        try:
            while True:
                self._answer(pickle.loads(self._child.wait_for_message()))
        except ChildEnded as error:
            self._last_words = (
                f"the writing {error}, and the last seconds of this launch are not in the MLflow store: "
                "see that there is memory and disk space, or use tracking=none"
            )
        for channel in list(self._channels.values()):
            channel.answer(self._last_words)

    def _answer(self, reply: Reply) -> None:
        self._channels.pop(reply.channel).answer(reply.problem)


_lock = threading.Lock()
_processes: dict[int, WritingProcess] = {}
"""The one of this process, by its number: a fork starts its own."""


def writing_process() -> WritingProcess:
    """The one that serves this Python process, started now if there is none."""
    with _lock:
        found = _processes.get(os.getpid())
        if found is None or not found.running:
            found = _processes[os.getpid()] = WritingProcess()
        return found
