"""Whether a process is active: messages and processor time count, including those of the processes that it started."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

import psutil

NOTICED: Final = 0.01
"""Seconds of processor time that count as activity: the resolution of the system's accounting."""
LONGEST_STEP: Final = 2.0
"""The most seconds of silence counted between two checks, since this process may have been suspended in between."""


class Activity:
    """Measures how long a process has been inactive."""

    def __init__(self, pid: int) -> None:
        self._process = _find(pid)
        self._silent = 0.0
        self._used = 0.0
        self._used_by_descendants = 0.0
        self._checked = time.monotonic()

    def note(self) -> None:
        """Record activity, or that the process has work to do from now on."""
        self._silent = 0.0
        self._checked = time.monotonic()

    def silence(self) -> float:
        """Return how many seconds the process has been inactive, added up over the calls of this method."""
        now = time.monotonic()
        self._silent = 0.0 if self._has_worked() else self._silent + min(now - self._checked, LONGEST_STEP)
        self._checked = now
        return self._silent

    def state(self) -> str:
        """Return the process's state according to the system, such as ``sleeping`` or ``stopped``."""
        try:
            return self._process.status() if self._process else "ended"
        except psutil.Error:
            return "ended"

    def _has_worked(self) -> bool:
        """Return whether processor time was used since the last check; descendants are checked only if the process used none."""
        if self._process is None:
            return False
        used = _processor_seconds(self._process)
        if used - self._used >= NOTICED:
            self._used = used
            return True
        total = sum(_processor_seconds(each) for each in _descendants(self._process))
        changed = abs(total - self._used_by_descendants) >= NOTICED
        self._used_by_descendants = total
        return changed


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants."""
    root = _find(pid)
    if root is not None:
        for each in [root, *_descendants(root)]:
            with suppress(psutil.Error):
                each.kill()


def _find(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:  # it has ended
        return None


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:  # it has ended
        return []


def _processor_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process and of its children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system
