"""What is raced: networks that stand ready in one library or another, to be trained on and judged."""

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
    """A stretch of training, timed."""

    epochs: int
    seconds: float
    processor_seconds: float
    """Of all the process's threads: more than `seconds` if it kept more than one core busy."""


class Program(ABC):
    """The same network with one or many starting points, in training."""

    @abstractmethod
    def train(self, epochs: int) -> Lap:
        """Trains all replicas on for that many epochs; returns when it is really done."""

    @abstractmethod
    def losses(self) -> np.ndarray:
        """Each replica's loss on its whole training set now, ``(R,)``."""

    @abstractmethod
    def peak_memory(self) -> int | None:
        """The most memory that was ever in use, in bytes, if the system tells."""


@dataclass(frozen=True)
class InProcess(Program):
    """A program that is two Python functions: one trains for a number of epochs, one gives the losses ``(R,)``."""

    run: Callable[[int], None]
    judge: Callable[[], np.ndarray]

    def train(self, epochs: int) -> Lap:
        start, start_of_processor = time.perf_counter(), time.process_time()
        self.run(epochs)
        return Lap(epochs, time.perf_counter() - start, time.process_time() - start_of_processor)

    def losses(self) -> np.ndarray:
        return self.judge()

    def peak_memory(self) -> int | None:
        return peak_memory(os.getpid())
