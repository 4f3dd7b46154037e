"""The process that writes to the MLflow store, so that training need not wait.

Pickled records come over the connection, each with the number of its channel, and replies go back over it.
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

from regnet.errors import TrackingError
from regnet.tracking import quiet_mlflow
from regnet.tracking.store.messages import Closed, Destination, Record, Reply
from regnet.tracking.store.uri import check_store
from regnet.tracking.write.process import LAST

if TYPE_CHECKING:
    from regnet.tracking.write.run_buffer import Ledger

SOONEST, LATEST = 1.0, 10.0
"""After how many seconds what has come is written: many runs to a transaction, and soon enough for somebody who watches."""
REST = 10
"""How many times as long as it takes to write shall pass until the next time: training has better uses for the processor."""

LEDGER = "regnet.tracking.write.run_buffer"
"""What imports MLflow, which takes a second or two."""

Message: TypeAlias = tuple[int, Record]


class Writer:
    """Keeps a ledger for each channel, and writes them all once in a while."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ledgers: dict[int, Ledger] = {}
        self._due = 0.0

    def serve(self, inbox: SimpleQueue[Message | None]) -> None:
        """Takes records until none is the word, which means that the training process has ended."""
        while True:
            try:
                message = inbox.get(timeout=self._patience())
            except Empty:
                self._write_all()
                continue
            if message is None:
                break
            self._take(*message)
            if self._patience() == 0:
                self._write_all()
        for ledger in self._ledgers.values():
            ledger.abandon(int(time.time() * 1000))
        self._write_all()

    def _patience(self) -> float | None:
        """How many seconds there are to the next writing; forever if there is nothing to write."""
        if not any(ledger.pending for ledger in self._ledgers.values()):
            return None
        return max(0.0, self._due - time.monotonic())

    def _take(self, channel: int, record: Record) -> None:
        try:
            match record:
                case Destination():
                    self._ledgers[channel] = _open(record)
                case Closed():
                    if channel in self._ledgers:
                        self._ledgers[channel].write()
                        del self._ledgers[channel]
                        self._reply(Reply(channel))
                case _:
                    if channel in self._ledgers:
                        self._ledgers[channel].take(record)
        except TrackingError as error:
            self._give_up(channel, error)

    def _write_all(self) -> None:
        start = time.monotonic()
        for channel, ledger in list(self._ledgers.items()):
            try:
                ledger.write()
            except TrackingError as error:
                self._give_up(channel, error)
        end = time.monotonic()
        self._due = end + min(max(SOONEST, REST * (end - start)), LATEST)

    def _give_up(self, channel: int, error: TrackingError) -> None:
        self._ledgers.pop(channel, None)
        self._reply(Reply(channel, str(error)))

    def _reply(self, reply: Reply) -> None:
        with suppress(ConnectionError):  # there may be nobody left to read it
            self._connection.send_bytes(pickle.dumps(reply))


def serve(connection: Connection) -> None:
    """Serves the training process at the other end of the connection until it has ended."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # that is for the training process, which then says what is to be written
    quiet_mlflow()
    os.dup2(2, 1)  # what MLflow prints is no result
    inbox: SimpleQueue[Message | None] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, inbox), daemon=True).start()
    threading.Thread(target=importlib.import_module, args=(LEDGER,), daemon=True).start()  # before there is anything to write
    Writer(connection).serve(inbox)
    with suppress(AttributeError, OSError, ValueError):  # it may be closed
        sys.stderr.flush()
    os._exit(0)  # MLflow takes most of a second to be torn down


def _receive(connection: Connection, inbox: SimpleQueue[Message | None]) -> None:
    try:
        while True:
            inbox.put(pickle.loads(connection.recv_bytes()))
    except (EOFError, ConnectionError):
        signal.alarm(int(LAST))  # nobody waits for a store that does not answer
        inbox.put(None)


def _open(destination: Destination) -> Ledger:
    check_store(destination.uri)  # before waiting for MLflow to be imported: bad news shall travel fast
    from regnet.tracking.write.run_buffer import Ledger

    gc.freeze()  # MLflow is in memory to stay: it need not be searched for garbage time and again
    return Ledger(destination)
