"""The machine: a description for measured times, and the cores and memory available for training."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
import torch


@cache
def describe_machine() -> str:
    """Return one line: processor, cores, memory, system, Python and torch.

    `regnet.tracking.read.columns` reads the versions from it.
    """
    size = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB memory"
    return f"{_processor()}, {size}, {platform.system()}, Python {platform.python_version()}, torch {torch.__version__}"


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Return the memory available without swapping, in bytes."""
    return psutil.virtual_memory().available


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Context manager in which torch uses that many threads inside an operation; 0 keeps torch's setting."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _processor() -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, {_cpu()}"
    return _cpu()


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} ({platform.machine()})"
    return platform.processor() or platform.machine()
