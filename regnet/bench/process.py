"""A contender in a process of its own: no library's threads, flags or memory are in another one's way."""

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
"""Epochs before anything is timed; the first may compile, and after the last the losses are compared."""
SHORTEST = 0.1
"""Seconds that a lap takes at least: a clock, and another process's interruption, are coarse."""
TARGET = "regnet.bench.process:serve"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "NPROC": "1",  # the size of XLA's own pool of threads
    "JAX_PLATFORMS": "cpu",
}
"""What numerical libraries read when they are loaded."""


@dataclass(frozen=True)
class Ready:
    """How a contender came to the start."""

    start_seconds: float
    """From nothing to the end of its first epoch: imports, data, compilation."""
    losses: np.ndarray
    """Each replica's training loss after the warm-up, ``(R,)``."""


class Racer:
    """A contender's process, seen from outside."""

    def __init__(self, contender: Contender) -> None:
        self._name = contender.name
        self._message = pickle.dumps(contender)
        self._start = time.perf_counter()
        self._folder = tempfile.TemporaryDirectory(prefix="regnet-bench-", ignore_cleanup_errors=True)
        self._child = Child(TARGET, environment=ONE_THREAD | {"TMPDIR": self._folder.name})

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.pid

    def ready(self) -> Ready:
        """Waits until the contender is warm.

        Raises:
            RegnetError: it cannot be prepared, its process ended, or it did not answer.
        """
        self._receive()  # loading libraries may take longer than a message waits to be read
        self._send(self._message)
        self._receive()
        start_seconds = time.perf_counter() - self._start
        return Ready(start_seconds, self._receive())

    def lap(self, epochs: int) -> Lap:
        """Has it train for that many epochs, or for more if those are too few to be timed.

        Raises:
            RegnetError: its process ended, or it did not answer.
        """
        self._send(pickle.dumps(epochs))
        return self._receive()  # type: ignore[no-any-return]

    def finish(self) -> int | None:
        """Ends the process, and returns the most memory it used, in bytes, if the system tells.

        Raises:
            RegnetError: the process ended before, or it did not answer.
        """
        self._send(pickle.dumps(None))
        peak: int | None = self._receive()
        self._child.end()
        self._folder.cleanup()
        return peak

    def stop(self) -> None:
        """Ends the process at once, and removes what it left."""
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
            raise RegnetError(f"bench: {self._name} failed: {answer.summary}") if answer.told else RuntimeError(answer.traceback)
        return answer

    def _lost(self, error: ChildEnded) -> RegnetError:
        hint = ": probably out of memory (time fewer replicas)" if "SIGKILL" in str(error) else ""
        return RegnetError(f"bench: {self._name}: {error}{hint}")


@dataclass(frozen=True)
class _Failure:
    """An exception in a contender's process."""

    summary: str
    told: bool
    """Whether it is a person's mistake, or something missing, and the summary says what to do."""
    traceback: str


def serve(connection: Connection) -> None:
    """What runs in the process: prepares the contender that is sent, then trains whenever it is told a number of epochs."""
    os.dup2(2, 1)  # the parent's output is the result
    try:
        _race(connection)
    except (EOFError, ConnectionError):  # nobody is left to report to
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
