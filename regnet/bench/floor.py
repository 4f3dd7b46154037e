"""The lower bound in the race: one network in plain C, `scripts/floor.c`, compiled for this processor."""

from __future__ import annotations

import select
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

import regnet
from regnet.bench.memory import peak_memory
from regnet.bench.problem import Problem
from regnet.bench.program import Lap, Program
from regnet.errors import RegnetError
from regnet.processes.activity import Activity
from regnet.processes.child import END, POLL, SILENCE, describe_exit

SOURCE = Path(regnet.__file__).parents[1] / "scripts" / "floor.c"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-funroll-loops")
COMPILERS = ("gcc", "clang", "cc")
COMPILE_SECONDS = 60
"""The limit for compiling, which usually takes 0.1 s."""


def find_compiler() -> str | None:
    """Return the first C compiler on the path."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


class Floor(Program):
    """The C program, which keeps running: it reads a number of epochs, trains them, and writes the result."""

    def __init__(self, program: Path, problem: Path) -> None:
        self._process = subprocess.Popen([program, problem], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._activity = Activity(self._process.pid)
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
        with suppress(BrokenPipeError):  # it has ended; the empty answer is handled below
            print(epochs, file=self._process.stdin, flush=True)
        self._activity.note()
        while not select.select([self._process.stdout], [], [], POLL)[0]:
            if self._activity.silence() > SILENCE:
                raise RegnetError(f"{SOURCE.name} neither answered nor used its processor for {SILENCE:.0f} s")
        answer = self._process.stdout.readline()
        if not answer:
            code = self._process.wait(END)
            error = RegnetError if code < 0 else RuntimeError  # killed from outside, or it does not fit the problem
            raise error(f"{SOURCE.name} {describe_exit(code)} when asked for {epochs} epochs")
        seconds, processor_seconds, self._loss = map(float, answer.split())
        return seconds, processor_seconds


def prepare(problem: Problem) -> Program:
    """Compile the program and start it on the problem's first replica.

    Raises:
        RegnetError: the compiler fails, with the first line of its output in the message, or does not answer.
    """
    folder = Path(tempfile.mkdtemp())  # inside the folder that is removed when this process ends
    program, data = folder / "floor", folder / "problem"
    _compile(program)
    write(problem.first(1), data)
    return Floor(program, data)


def _compile(program: Path) -> None:
    compiler = find_compiler()
    assert compiler
    command: list[str | Path] = [compiler, *FLAGS, "-o", program, SOURCE, "-lm"]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=COMPILE_SECONDS)
    except subprocess.TimeoutExpired:
        raise RegnetError(f"{compiler} has not compiled {SOURCE} within {COMPILE_SECONDS} s") from None
    if done.returncode:
        raise RegnetError(f"{compiler} cannot compile {SOURCE}: {done.stderr.strip().splitlines()[0]}")


def write(problem: Problem, path: Path) -> None:
    """Write one network's problem as `scripts/floor.c` reads it: sizes, learning rate, weights and biases, inputs, targets."""
    sizes = [problem.steps, problem.x.shape[-2], *(len(weight[0]) for weight, _ in problem.layers), problem.target.shape[-1]]
    arrays = [array for affine in problem.layers for array in affine]
    parts = [np.array(sizes, np.int32), np.float32(problem.learning_rate), *arrays, problem.x, problem.target]
    path.write_bytes(b"".join(part.tobytes() for part in parts))
