"""The training process's end of the writing process: one for each Python process, started when it is first needed."""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import SimpleQueue

from regnet.errors import TrackingError
from regnet.tracking.records import Closed, Destination, Record, Reply

PICKLE_PROTOCOL = 5


class Channel:
    """The way of records to one destination."""

    def __init__(self, number: int, outbox: SimpleQueue[bytes | None]) -> None:
        self._number = number
        self._outbox = outbox
        self._answered = threading.Event()
        self._problem: str | None = None
        self._told = False

    def send(self, record: Record) -> None:
        """Hands a record over, without waiting for it to be written."""
        self._outbox.put(pickle.dumps((self._number, record), PICKLE_PROTOCOL))

    def check(self) -> None:
        """Raises TrackingError if the writing process has said that something cannot be written."""
        if self._problem is not None:
            self._told = True
            raise TrackingError(self._problem)

    def close(self) -> None:
        """Waits until all that was sent is written.

        Raises:
            TrackingError: it cannot be, and `check` has not said so before.
        """
        self.send(Closed())
        self._answered.wait()
        if not self._told:
            self.check()

    def answer(self, problem: str | None) -> None:
        """Takes the writing process's word; the first one counts."""
        if not self._answered.is_set():
            self._problem = problem
            self._answered.set()


class WritingProcess:
    """A running ``python -m regnet.tracking.writer``, fed by a thread, so that whoever sends a record never waits."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "regnet.tracking.writer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C is for the training process, which then says what became of its runs
        )
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
    def running(self) -> bool:
        """Whether there is still somebody to hear."""
        return self._last_words is None

    def open(self, destination: Destination) -> Channel:
        """A channel to that destination; it need not be closed if nobody waits for what was sent."""
        number = next(self._numbers)
        channel = self._channels[number] = Channel(number, self._outbox)
        channel.send(destination)
        if not self.running:
            channel.answer(self._last_words)
        return channel

    def end(self, owner: int) -> None:
        """Lets it write what it has, and end; nothing happens in a process that was forked from the owner."""
        if os.getpid() == owner:
            self._outbox.put(None)
            self._receiver.join()

    def _send(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            while (message := self._outbox.get()) is not None:
                pipe.write(message)
                if self._outbox.empty():
                    pipe.flush()

    def _receive(self) -> None:
        for reply in _replies(self._process):
            self._channels.pop(reply.channel).answer(reply.problem)
        code = self._process.wait()
        self._last_words = (
            f"the process that writes to the MLflow store ended unexpectedly (exit code {code}), and the last seconds of this "
            "launch are not in the store: see that there is memory and disk space, or use tracking=none"
        )
        for channel in list(self._channels.values()):
            channel.answer(self._last_words)


def _replies(process: subprocess.Popen[bytes]) -> Iterator[Reply]:
    assert process.stdout is not None
    with process.stdout as pipe, suppress(EOFError, pickle.UnpicklingError):  # it has ended, perhaps in the middle of a word
        while True:
            yield pickle.load(pipe)


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
