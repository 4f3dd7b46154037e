"""The peak memory of a process."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path


def peak_memory(process: int) -> int | None:
    """Return the peak resident set of a running process, in bytes, given its id; None if the system does not report it.

    It is read from `/proc`, if there is one: the maximum of `getrusage` includes what the parent used when it forked.
    """
    status = Path(f"/proc/{process}/status")
    if status.exists():
        kilobytes = next(line.split()[1] for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(kilobytes)
    if process != os.getpid():
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
