"""The most memory that a process ever used."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path


def peak_memory(process: int) -> int | None:
    """The peak of a running process's resident set, in bytes, given its id; None where the system does not tell.

    Where there is `/proc`, from there: the maximum that `getrusage` gives counts what the parent used when it forked, too.
    """
    status = Path(f"/proc/{process}/status")
    if status.exists():
        kilobytes = next(line.split()[1] for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(kilobytes)
    if process != os.getpid():
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
