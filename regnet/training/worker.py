"""A worker: a process that trains programs one at a time, and reports all events to the process that started it."""

from __future__ import annotations

import copy
import io
import logging
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from regnet.errors import RegnetError
from regnet.events import EpochEnded, Event
from regnet.processes.stop import interrupt, stopping_in_order
from regnet.registry.catalog import Catalog, load_catalog
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.program import Session, StudySlice, run_program
from regnet.training.worker_messages import StudyPickler, Task


def serve(connection: Connection) -> None:
    """Train each program that is received, until the connection is closed or SIGTERM arrives."""
    with suppress(KeyboardInterrupt, EOFError, ConnectionError):  # the last two mean that the other process has gone
        signal.signal(signal.SIGTERM, interrupt)
        relay = _Relay(connection)
        logging.getLogger().addHandler(_LogRelay(relay))
        catalog = load_catalog()
        while True:
            _train(pickle.loads(connection.recv_bytes()), catalog, relay)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or no longer read
            stream.flush()
    os._exit(0)  # skips the slow teardown of torch


def _train(task: Task, catalog: Catalog, relay: _Relay) -> None:
    logging.getLogger().setLevel(task.log_level)
    relay.studies, relay.may_stop = {}, task.may_stop
    try:
        for job, recipe in task.recipes.items():
            try:
                relay.studies[job] = recipe.assemble(catalog)
            except Exception as error:
                for part in task.program.unfinished_slices:
                    if part.job == job:
                        relay.end(part, error)
        slices = tuple(part for part in task.program.slices if part.job in relay.studies)
        program = replace(task.program, slices=slices)
        with stopping_in_order(limited=False) as stop:  # the process that started this one limits it
            for part, outcome in run_program(program, Session(relay.studies, relay, relay.keep, stop)):
                relay.end(part, outcome)
    finally:
        relay.flush()
    relay.done()


class _Relay:
    """The observer in a worker: forwards everything to the process that started the worker."""

    def __init__(self, connection: Connection) -> None:
        self.studies: dict[int, Study] = {}
        """The studies of the current program, by job."""
        self.may_stop = False
        self._connection = connection
        self._events: list[Event] = []
        self._lock = threading.RLock()

    def notify(self, event: Event) -> None:
        self._events.append(event)

    def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
        with _uninterrupted():
            self.send("epoch", (self._events, ended))
            self._events = []
        return pickle.loads(self._connection.recv_bytes()) if self.may_stop else [set() for _ in ended]

    def flush(self) -> None:
        """Send the events that wait for the end of an epoch."""
        with _uninterrupted():
            if self._events:
                self.send("events", self._events)
            self._events = []

    def keep(self, part: StudySlice, result: StudyResult) -> None:
        """Send the result of a slice, before the end of its runs is reported."""
        self.flush()
        self.send("result", (part, result))

    def end(self, part: StudySlice, outcome: StudyResult | Exception) -> None:
        """Report that a slice has ended, after all its events: with its result, which was sent, or with an exception."""
        self.flush()
        self.send("end", (part, _portable(outcome) if isinstance(outcome, Exception) else None))

    def done(self) -> None:
        """Report that the program is finished."""
        self.send("done", None)

    def send(self, kind: str, content: Any) -> None:
        buffer = io.BytesIO()
        StudyPickler(buffer, self.studies).dump((kind, content))
        with _uninterrupted(), self._lock:
            self._connection.send_bytes(buffer.getbuffer())


class _LogRelay(logging.Handler):
    """Forwards log records, as text, to be logged in the process that started the worker."""

    def __init__(self, relay: _Relay) -> None:
        super().__init__()
        self._relay = relay

    def emit(self, record: logging.LogRecord) -> None:
        text = copy.copy(record)
        text.msg, text.args = record.getMessage(), None
        if record.exc_info:
            text.exc_text, text.exc_info = logging.Formatter().formatException(record.exc_info), None
        self._relay.send("log", text)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Context manager that blocks SIGTERM, so that a message is sent completely and only once."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _portable(error: Exception) -> Exception:
    """The error in a form that can be pickled, with its traceback as a note."""
    error.add_note("".join(traceback.format_tb(error.__traceback__)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RegnetError(str(error)) if isinstance(error, RegnetError) else RuntimeError(f"{type(error).__name__}: {error}")
    return error
