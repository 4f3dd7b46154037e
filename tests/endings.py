"""Whether processes have ended, as tests of those that are killed ask."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil


def ended(processes: Iterable[psutil.Process], seconds: float) -> bool:
    """Whether they all end in that time."""
    end = time.monotonic() + seconds
    waiting = list(processes)
    while waiting and time.monotonic() < end:
        time.sleep(0.02)
        waiting = [process for process in waiting if runs(process)]
    return not waiting


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; an orphan that has may stay a zombie for a while where a container's first process is slow."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
