"""A contender in a process of its own: no library's threads, flags or memory are in another one's way."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from regnet.bench.contender import Contender
from regnet.bench.program import Lap
from regnet.errors import RegnetError

WARM_UP = 3
"""Epochs before anything is timed; the first may compile, and after the last the losses are compared."""
SHORTEST = 0.1
"""Seconds that a lap takes at least: a clock, and another process's interruption, are coarse."""
PATIENCE = 2.0
"""Seconds that a process is given to end by itself."""
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
        self._start = time.perf_counter()
        spawn = multiprocessing.get_context("spawn")
        self._connection, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
        with _environment(ONE_THREAD):
            self._process.start()
        theirs.close()
        self._connection.send(contender)

    def ready(self) -> Ready:
        """Waits until the contender is warm."""
        self._receive()
        start_seconds = time.perf_counter() - self._start
        return Ready(start_seconds, self._receive())

    def lap(self, epochs: int) -> Lap:
        """Has it train for that many epochs, or for more if those are too few to be timed."""
        self._connection.send(epochs)
        return self._receive()  # type: ignore[no-any-return]

    def finish(self) -> int | None:
        """Ends the process, and returns the most memory it used, in bytes, if the system tells."""
        self._connection.send(None)
        peak: int | None = self._receive()
        self._process.join()
        return peak

    def stop(self) -> None:
        """Ends the process, at once if it does not do so by itself."""
        self._connection.close()
        self._process.join(PATIENCE)
        self._process.kill()
        self._process.join()

    def _receive(self) -> Any:
        try:
            answer = self._connection.recv()
        except EOFError:
            self._process.join()
            raise RegnetError(f"bench: {self._name}: its process ended early, with exit code {self._process.exitcode}") from None
        if isinstance(answer, _Failure):
            raise RegnetError(f"bench: {self._name} failed: {answer.summary}") if answer.told else RuntimeError(answer.traceback)
        return answer


@dataclass(frozen=True)
class _Failure:
    """An exception in a contender's process."""

    summary: str
    told: bool
    """Whether it is a person's mistake, or something missing, and the summary says what to do."""
    traceback: str


def _serve(connection: Connection) -> None:
    """What runs in the process: prepares the contender that is sent, then trains whenever it is told a number of epochs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted parent ends this process by itself
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the parent's output is the result
    with _own_temporary_folder():
        try:
            _race(connection)
        except EOFError:
            return
        except Exception as error:
            connection.send(_Failure(str(error), isinstance(error, RegnetError), traceback.format_exc()))


def _race(connection: Connection) -> None:
    contender: Contender = connection.recv()
    program = contender.prepare()
    connection.send(program.train(1))
    lap = program.train(WARM_UP - 1)
    connection.send(program.losses())
    least = math.ceil(SHORTEST * lap.epochs / lap.seconds)
    while (epochs := connection.recv()) is not None:
        connection.send(program.train(max(epochs, least)))
    connection.send(program.peak_memory())


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Within, processes that are started see these environment variables."""
    before = dict(os.environ)
    os.environ |= values
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        yield
