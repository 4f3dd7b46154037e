"""The machine: which one a time was measured on, without which it means nothing, and what it has left to train with."""

from __future__ import annotations

import os
import platform
import re
from functools import cache
from pathlib import Path

import torch


@cache
def describe_machine() -> str:
    """One line: processor, cores, system, Python and torch."""
    cores = os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, torch {torch.__version__}"


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that can be had without swapping; where the system does not say, half of what there is."""
    told = Path("/proc/meminfo")
    found = re.search(r"MemAvailable: *(\d+) kB", told.read_text()) if told.exists() else None
    return int(found[1]) * 1024 if found else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _processor() -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, {_cpu()}"
    return _cpu()


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} ({platform.machine()})"
    return platform.processor() or platform.machine()
