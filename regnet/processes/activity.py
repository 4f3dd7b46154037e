"""Whether a process does anything: a message or processor time counts, its own or that of the processes that it started."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

import psutil

NOTICED: Final = 0.01
"""Seconds of processor time that count as work: the tick of the system's accounts."""
LONGEST_STEP: Final = 2.0
"""Seconds counted at most between two looks: while this process was itself suspended, nobody could have answered it."""


class Activity:
    """Measures for how long a process has done nothing."""

    def __init__(self, pid: int) -> None:
        self._process = _find(pid)
        self._silent = 0.0
        self._own = 0.0
        self._others = 0.0
        self._looked = time.monotonic()

    def note(self) -> None:
        """Records a sign of life, or that there is something to do from now on."""
        self._silent = 0.0
        self._looked = time.monotonic()

    def silence(self) -> float:
        """For how many seconds nothing was seen of the process, added up over the calls of this method."""
        now = time.monotonic()
        self._silent = 0.0 if self._has_worked() else self._silent + min(now - self._looked, LONGEST_STEP)
        self._looked = now
        return self._silent

    def state(self) -> str:
        """What the system says of the process, such as ``sleeping`` or ``stopped``."""
        try:
            return self._process.status() if self._process else "ended"
        except psutil.Error:
            return "ended"

    def _has_worked(self) -> bool:
        """Whether processor time was used since the last look; the processes that it started are asked only if it did nothing."""
        if self._process is None:
            return False
        own = _processor_seconds(self._process)
        if own - self._own >= NOTICED:
            self._own = own
            return True
        others = sum(_processor_seconds(each) for each in _descendants(self._process))
        changed = abs(others - self._others) >= NOTICED
        self._others = others
        return changed


def kill_tree(pid: int) -> None:
    """Kills a process and those that it started, and they, and so on."""
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
    """What it used itself, and what those used that it started and saw end."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system
