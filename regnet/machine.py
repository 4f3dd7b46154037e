"""Which machine and which versions a time was measured with: without it a time means nothing."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

import torch


@cache
def describe_machine() -> str:
    """One line: processor, cores, system, Python and torch."""
    cores = os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, torch {torch.__version__}"


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
