"""A single-file plugin for tests: a data set that fails in a chosen way as soon as a file exists."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

import regnet
from regnet.builtin.datasets.disc import Disc

Trouble = Literal["raise", "size", "kill", "exit", "stop", "sleep", "lock", "stuck", "busy", "log", "some"]


class TroubleError(Exception):
    """An error class that a process without this plugin does not have."""


def complain() -> None:
    """Raises an error that is not a user error."""
    raise TroubleError("no such file")


def spin() -> None:
    """Computes in an endless loop."""
    while True:
        pass


TROUBLES: dict[str, Callable[[], object]] = {
    "raise": complain,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "sleep": lambda: time.sleep(1000),
    "lock": lambda: threading.Barrier(2).wait(),  # a deadlock: the second party never arrives
    "stuck": lambda: ctypes.PyDLL(None).sleep(1000),  # in C, while holding the GIL
    "busy": spin,
    "log": lambda: logging.getLogger("troubled").warning("%s is logged", "trouble"),
}


@dataclass(frozen=True)
class Troubled(regnet.Dataset):
    """Points in a disc, with a chosen failure.

    Args:
        trouble: the failure.
        flag: the failure happens if this file exists.
        train_size: the number of training points.
        test_size: the number of test points.
    """

    trouble: Trouble = "raise"
    flag: str = "flag"
    train_size: int = 60
    test_size: int = 40
    variation = "draws"

    def load(self, generator: torch.Generator) -> regnet.Splits:
        """The points, or the failure."""
        there = Path(self.flag).exists()
        if there and self.trouble in TROUBLES:
            TROUBLES[self.trouble]()
        if there and self.trouble == "some" and generator.initial_seed() % 3 == 0:
            complain()
        more = there and self.trouble == "size"
        return Disc(self.train_size + more, self.test_size).load(generator)


def make_layer() -> type[regnet.Layer]:
    """A local class, whose objects cannot be pickled."""

    @dataclass(frozen=True)
    class Tripled(regnet.Layer):
        """``y = 3x``."""

        def forward(self, params: Any, x: torch.Tensor, context: Any) -> tuple[torch.Tensor, Any]:
            return 3 * x, None

        def backward(self, params: Any, cache: Any, dy: torch.Tensor) -> tuple[torch.Tensor, dict[str, Any]]:
            return 3 * dy, {}

    return Tripled


@regnet.hookimpl
def regnet_datasets() -> dict[str, type[regnet.Dataset]]:
    return {"troubled": Troubled}


@regnet.hookimpl
def regnet_layers() -> dict[str, type[regnet.Layer]]:
    return {"tripled": make_layer()}
