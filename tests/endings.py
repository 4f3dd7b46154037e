"""Helpers that check whether processes have ended."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil


def ended(processes: Iterable[psutil.Process], seconds: float) -> bool:
    """Whether all processes end within the given time."""
    end = time.monotonic() + seconds
    waiting = list(processes)
    while waiting and time.monotonic() < end:
        time.sleep(0.02)
        waiting = [process for process in waiting if runs(process)]
    return not waiting


def runs(process: psutil.Process) -> bool:
    """Whether the process is running; an ended orphan may stay a zombie for a while if the container's init process is slow."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
