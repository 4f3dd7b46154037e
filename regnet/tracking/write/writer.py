"""The writing process: it writes records to MLflow stores so that training does not wait for them.

It receives pickled records over a connection, each with the number of its channel, and sends replies back.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from regnet.errors import StoreAway, TrackingError
from regnet.tracking import quiet_mlflow
from regnet.tracking.store.messages import Closed, Destination, Ping, Record, Reply
from regnet.tracking.store.uri import check_store
from regnet.tracking.write.process import LAST

if TYPE_CHECKING:
    from regnet.tracking.write.run_buffer import RunBuffer

BEAT_SECONDS = 60.0
"""The time between two heartbeats of the training process in a store."""
MIN_INTERVAL, MAX_INTERVAL = 1.0, 10.0
"""Limits in seconds of the time between two writes: long enough to write many runs at once, short enough to watch a run."""
IDLE_FACTOR = 10
"""The time between two writes is this many times the duration of a write, so that the processor is mostly free for training."""

RUN_BUFFER = "regnet.tracking.write.run_buffer"
"""The module that imports MLflow, which takes a second or two."""

Message: TypeAlias = tuple[int, Record]


class Writer:
    """Keeps a run buffer for each channel, and writes all of them from time to time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._buffers: dict[int, RunBuffer] = {}
        self._available: set[str] = set()
        """The stores that were available when they were used last, so that a failure may be short."""
        self._next_write = 0.0
        self._next_beat = 0.0

    def serve(self, inbox: SimpleQueue[Message | None]) -> None:
        """Receive records until the inbox yields None, which means that the training process has ended."""
        while True:
            try:
                message = inbox.get(timeout=self._time_left())
            except Empty:
                self._write_all()
                continue
            if message is None:
                break
            self._handle(*message)
            if self._time_left() == 0:
                self._write_all()
        for buffer in self._buffers.values():
            buffer.abandon(int(time.time() * 1000))
        self._write_all()

    def _time_left(self) -> float | None:
        """Return the time in seconds until the next write or heartbeat; None if there is nothing to write."""
        if any(buffer.pending for buffer in self._buffers.values()):
            return max(0.0, self._next_write - time.monotonic())
        return max(0.0, self._next_beat - time.monotonic()) if self._buffers else None

    def _handle(self, channel: int, record: Record) -> None:
        try:
            match record:
                case Destination():
                    self._buffers[channel] = _open(record, patient=record.uri in self._available)
                    self._available.add(record.uri)
                case Closed():
                    if channel in self._buffers:
                        self._buffers[channel].write()
                        del self._buffers[channel]
                        self._reply(Reply(channel))
                case _:
                    if channel in self._buffers:
                        self._buffers[channel].add(record)
        except TrackingError as error:
            if isinstance(record, Destination):
                self._available.discard(record.uri)
            self._fail(channel, error, fatal=isinstance(record, Destination) and not isinstance(error, StoreAway))

    def _write_all(self) -> None:
        start = time.monotonic()
        if start >= self._next_beat:
            self._next_beat = start + BEAT_SECONDS
            for buffer in self._buffers.values():
                buffer.beat(int(time.time() * 1000))
        for channel, buffer in list(self._buffers.items()):
            try:
                buffer.write()
            except TrackingError as error:
                self._fail(channel, error)
        end = time.monotonic()
        self._next_write = end + min(max(MIN_INTERVAL, IDLE_FACTOR * (end - start)), MAX_INTERVAL)

    def _fail(self, channel: int, error: TrackingError, *, fatal: bool = False) -> None:
        buffer = self._buffers.pop(channel, None)
        if buffer is not None:
            self._available.discard(buffer.uri)
        self._reply(Reply(channel, str(error), fatal))

    def _reply(self, reply: Reply) -> None:
        send(self._connection, reply)


_sending = threading.Lock()


def send(connection: Connection, reply: Reply | Ping) -> None:
    """Send a reply, from any thread; drop it if the training process has ended."""
    with _sending, suppress(ConnectionError):
        connection.send_bytes(pickle.dumps(reply))


def serve(connection: Connection) -> None:
    """Serve the training process at the other end of the connection until it has ended."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the training process handles it, and sends what is still to be written
    quiet_mlflow()
    os.dup2(2, 1)  # keep MLflow's output out of standard output, which is for results
    inbox: SimpleQueue[Message | None] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, inbox), daemon=True).start()
    threading.Thread(target=importlib.import_module, args=(RUN_BUFFER,), daemon=True).start()  # while there is nothing to write
    Writer(connection).serve(inbox)
    with suppress(AttributeError, OSError, ValueError):  # it may be closed
        sys.stderr.flush()
    os._exit(0)  # a regular exit takes most of a second with MLflow loaded


def _receive(connection: Connection, inbox: SimpleQueue[Message | None]) -> None:
    try:
        while True:
            message = pickle.loads(connection.recv_bytes())
            if isinstance(message, Ping):
                send(connection, message)
            else:
                inbox.put(message)
    except (EOFError, ConnectionError):
        signal.alarm(int(LAST))  # end this process if the store does not answer
        inbox.put(None)


def _open(destination: Destination, *, patient: bool) -> RunBuffer:
    if not patient:
        check_store(destination.uri)  # before MLflow is imported, to report errors early
    from regnet.tracking.write.run_buffer import RunBuffer, open_patiently

    gc.freeze()  # exclude MLflow's objects, which are never freed, from garbage collection
    return open_patiently(destination) if patient else RunBuffer(destination)
