"""What runs first inside a child process: it makes the process end with its parent, then calls the function."""

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
"""An option of Linux's ``prctl``: the signal that a process gets when the thread that started it ends."""
INTERVAL: Final = 0.5
"""Seconds between two checks that the parent is running, on systems that do not report its end."""


def serve(target: str, connection: Connection, parent: int, outlives: bool) -> None:
    """Call ``module:function`` with the connection; kill the process when its parent ends, unless it `outlives` the parent."""
    open_standard_streams()
    degrade_output()
    os.set_inheritable(connection.fileno(), False)
    if not outlives:
        end_with(parent)
    module, function = target.split(":")
    getattr(import_module(module), function)(connection)


def end_with(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Arrange that this process gets a signal when its parent ends, in whatever way the parent ends.

    On Linux the kernel sends it, even if the process is suspended or inside a call that holds Python's lock.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="regnet-parent").start()
    if os.getppid() != parent:  # it ended before this was set up
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    os._exit(1)
