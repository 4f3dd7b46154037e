"""The floor in the race: one network in plain C, `scripts/floor.c`, compiled for this processor."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import regnet
from regnet.bench.memory import peak_memory
from regnet.bench.problem import Problem
from regnet.bench.program import Lap, Program
from regnet.errors import RegnetError

SOURCE = Path(regnet.__file__).parents[1] / "scripts" / "floor.c"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-funroll-loops")
COMPILERS = ("gcc", "clang", "cc")


def find_compiler() -> str | None:
    """The first C compiler on the path."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


class Floor(Program):
    """The C program, which keeps running: it is told a number of epochs, and answers when it has trained them."""

    def __init__(self, program: Path, problem: Path) -> None:
        self._process = subprocess.Popen([program, problem], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._ask(0)

    def train(self, epochs: int) -> Lap:
        seconds, processor_seconds = self._ask(epochs)
        return Lap(epochs, seconds, processor_seconds)

    def losses(self) -> np.ndarray:
        return np.array([self._loss])

    def peak_memory(self) -> int | None:
        return peak_memory(self._process.pid)

    def _ask(self, epochs: int) -> tuple[float, float]:
        assert self._process.stdin
        assert self._process.stdout
        print(epochs, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{SOURCE.name} ended with exit code {self._process.wait()} when asked for {epochs} epochs")
        seconds, processor_seconds, self._loss = map(float, answer.split())
        return seconds, processor_seconds


def prepare(problem: Problem) -> Program:
    """Compiles the program and starts it on the problem's first replica.

    Raises:
        RegnetError: the compiler cannot compile it; says what the compiler said first.
    """
    folder = Path(tempfile.mkdtemp())
    program, data = folder / "floor", folder / "problem"
    compiler = find_compiler()
    assert compiler
    done = subprocess.run([compiler, *FLAGS, "-o", program, SOURCE, "-lm"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RegnetError(f"{compiler} cannot compile {SOURCE}: {done.stderr.strip().splitlines()[0]}")
    write(problem.first(1), data)
    return Floor(program, data)


def write(problem: Problem, path: Path) -> None:
    """Writes one network's problem as `scripts/floor.c` reads it: sizes, learning rate, weights and biases, inputs, targets."""
    sizes = [problem.steps, problem.x.shape[-2], *(len(weight[0]) for weight, _ in problem.layers), problem.target.shape[-1]]
    arrays = [array for affine in problem.layers for array in affine]
    parts = [np.array(sizes, np.int32), np.float32(problem.learning_rate), *arrays, problem.x, problem.target]
    path.write_bytes(b"".join(part.tobytes() for part in parts))
