"""A contender in its own process, so that threads, flags and memory of one library do not affect another."""

from __future__ import annotations

import math
import os
import pickle
import tempfile
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from regnet.bench.contender import Contender
from regnet.bench.program import Lap
from regnet.errors import RegnetError
from regnet.processes.child import Child, ChildEnded

WARM_UP = 3
"""Epochs before timing starts; the first may compile, and after the last the losses are compared."""
SHORTEST = 0.1
"""The shortest lap in seconds, long compared with the clock's resolution and interruptions by other processes."""
TARGET = "regnet.bench.process:serve"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "NPROC": "1",  # the size of XLA's own pool of threads
    "JAX_PLATFORMS": "cpu",
}
"""Environment variables that numerical libraries read when they are loaded."""


@dataclass(frozen=True)
class Ready:
    """The state of a contender that is ready to be timed."""

    start_seconds: float
    """From the start of its process to the end of its first epoch: imports, data, compilation."""
    losses: np.ndarray
    """Each replica's training loss after the warm-up, ``(R,)``."""


class Racer:
    """A contender's process, as seen by the process that times it."""

    def __init__(self, contender: Contender) -> None:
        self._name = contender.name
        self._message = pickle.dumps(contender)
        self._start = time.perf_counter()
        self._folder = tempfile.TemporaryDirectory(prefix="regnet-bench-", ignore_cleanup_errors=True)
        self._child = Child(TARGET, environment=ONE_THREAD | {"TMPDIR": self._folder.name})

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def ready(self) -> Ready:
        """Wait until the contender is warmed up.

        Raises:
            RegnetError: it cannot be prepared, its process ended, or it did not answer.
        """
        self._receive()  # loading libraries may take longer than a message may wait to be read
        self._send(self._message)
        self._receive()
        start_seconds = time.perf_counter() - self._start
        return Ready(start_seconds, self._receive())

    def lap(self, epochs: int) -> Lap:
        """Train for that many epochs, or for more if those are too few to time.

        Raises:
            RegnetError: its process ended, or it did not answer.
        """
        self._send(pickle.dumps(epochs))
        return self._receive()  # type: ignore[no-any-return]

    def finish(self) -> int | None:
        """End the process; return its peak memory in bytes, if the system reports it.

        Raises:
            RegnetError: the process had already ended, or it did not answer.
        """
        self._send(pickle.dumps(None))
        peak: int | None = self._receive()
        self._child.end()
        self._folder.cleanup()
        return peak

    def stop(self) -> None:
        """Kill the process and remove its files."""
        self._child.end(grace=0)
        self._folder.cleanup()

    def _send(self, message: bytes) -> None:
        try:
            self._child.write(message)
        except ChildEnded as error:
            raise self._lost(error) from None

    def _receive(self) -> Any:
        try:
            answer = pickle.loads(self._child.receive())
        except ChildEnded as error:
            raise self._lost(error) from None
        if isinstance(answer, _Failure):
            if answer.expected:
                raise RegnetError(f"bench: {self._name} failed: {answer.summary}")
            raise RuntimeError(answer.traceback)
        return answer

    def _lost(self, error: ChildEnded) -> RegnetError:
        hint = ": probably out of memory (time fewer replicas)" if "SIGKILL" in str(error) else ""
        return RegnetError(f"bench: {self._name}: {error}{hint}")


@dataclass(frozen=True)
class _Failure:
    """An exception in a contender's process."""

    summary: str
    expected: bool
    """Whether it is a user's mistake, or something is missing; the summary then says what to do."""
    traceback: str


def serve(connection: Connection) -> None:
    """Run in the contender's process: prepare the contender that is received, then train each number of epochs received."""
    os.dup2(2, 1)  # the parent's output is the result
    try:
        _race(connection)
    except (EOFError, ConnectionError):  # the parent has ended
        return
    except Exception as error:
        connection.send(_Failure(str(error), isinstance(error, RegnetError), traceback.format_exc()))


def _race(connection: Connection) -> None:
    connection.send(None)
    contender: Contender = connection.recv()
    program = contender.prepare()
    connection.send(program.train(1))
    lap = program.train(WARM_UP - 1)
    connection.send(program.losses())
    least = math.ceil(SHORTEST * lap.epochs / lap.seconds)
    while (epochs := connection.recv()) is not None:
        connection.send(program.train(max(epochs, least)))
    connection.send(program.peak_memory())
