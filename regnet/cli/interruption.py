"""Interruption: what ends a program's terminal, job or session is as good as Ctrl-C, and the program then ends within seconds."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE: Final = 8.0
"""Seconds that a command has to put in order what it leaves, before it is ended as it is: Docker waits for ten."""
INTERRUPTED: Final = 130


def end_when_interrupted() -> None:
    """Makes SIGTERM and SIGHUP raise KeyboardInterrupt, as SIGINT does, and ends the process `GRACE` seconds after the first.

    It is then ended whatever it waits for, also where Python cannot run the signal's handler. For a process that is regnet's alone.
    A signal that is ignored stays so: a command started with ``nohup`` outlives its terminal.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    numbers = {number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    for number in numbers:
        signal.signal(number, _interrupt)
    threading.Thread(target=_watch, args=(ours, numbers), daemon=True, name="regnet-interruption").start()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(arrived: socket.socket, numbers: set[signal.Signals]) -> None:
    """Waits for one of the signals, whose numbers Python writes to the socket as they arrive."""
    while arrived.recv(1)[0] not in numbers:
        pass
    time.sleep(GRACE)
    if select.select([], [2], [], 0)[1]:  # standard error may be a pipe that nobody reads
        os.write(2, f"regnet: interrupted, and ended after waiting for {GRACE:.0f} s\n".encode())
    os._exit(INTERRUPTED)
