"""What runs first inside a child process: it sees to it that the process ends with its parent, then calls its function."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Final

from regnet.encoding import degrade_output
from regnet.processes.streams import open_standard_streams

PR_SET_PDEATHSIG: Final = 1
"""Of Linux's ``prctl``: which signal a process gets when the thread that started it ends."""
LOOK: Final = 0.5
"""Seconds between two looks whether the parent is still there, where the system does not say so by itself."""


def serve(target: str, connection: Connection, parent: int, outlives: bool) -> None:
    """Calls ``module:function`` with the connection; unless it `outlives` its parent, the process is killed when that ends."""
    open_standard_streams()
    degrade_output()
    os.set_inheritable(connection.fileno(), False)
    if not outlives:
        end_with(parent)
    module, function = target.split(":")
    getattr(import_module(module), function)(connection)


def end_with(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Has this process sent a signal as soon as its parent has ended, whatever it does by then and however the parent ends.

    On Linux the kernel does it, which works while the process is suspended, or within a call that keeps Python's lock, too.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="regnet-parent").start()
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)
