"""The programs in the race: networks prepared in one of the libraries, to train and to evaluate."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from regnet.bench.memory import peak_memory


@dataclass(frozen=True)
class Lap:
    """A timed number of epochs."""

    epochs: int
    seconds: float
    processor_seconds: float
    """Of all the process's threads: more than `seconds` if more than one core was busy."""


class Program(ABC):
    """A network in training, from one or many initial weights."""

    @abstractmethod
    def train(self, epochs: int) -> Lap:
        """Train all replicas for that many more epochs; return only when the computation is complete."""

    @abstractmethod
    def losses(self) -> np.ndarray:
        """Return each replica's current loss on its whole training set, ``(R,)``."""

    @abstractmethod
    def peak_memory(self) -> int | None:
        """Return the peak memory in bytes, if the system reports it."""


@dataclass(frozen=True)
class InProcess(Program):
    """A program made of two Python functions: one trains for a number of epochs, one returns the losses ``(R,)``."""

    run: Callable[[int], None]
    judge: Callable[[], np.ndarray]

    def train(self, epochs: int) -> Lap:
        start, processor_start = time.perf_counter(), time.process_time()
        self.run(epochs)
        return Lap(epochs, time.perf_counter() - start, time.process_time() - processor_start)

    def losses(self) -> np.ndarray:
        return self.judge()

    def peak_memory(self) -> int | None:
        return peak_memory(os.getpid())
