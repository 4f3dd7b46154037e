"""Interruption: what ends a program's terminal, job or session is as good as Ctrl-C, and the program then ends within seconds."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from typing import Final

from regnet.processes.stop import EPOCH_SECONDS, SIGNALS, Stop, current_stop, interrupt

GRACE: Final = 8.0
"""Seconds that a command has to put in order what it leaves, before it is ended as it is: Docker waits for ten."""
INTERRUPTED: Final = 130


def end_when_interrupted() -> None:
    """Makes SIGTERM and SIGHUP raise KeyboardInterrupt, as SIGINT does, and ends the process `GRACE` seconds after it is raised.

    It is then ended whatever it waits for, also where Python cannot run the signal's handler. For a process that is regnet's alone.
    A signal that is ignored stays so: a command started with ``nohup`` outlives its terminal. A training that stops in order has
    the time for an epoch besides: see `regnet.processes.stop`.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    numbers = {number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    for number in numbers:
        signal.signal(number, interrupt)
    threading.Thread(target=_watch, args=(ours, numbers), daemon=True, name="regnet-interruption").start()


def _watch(arrived: socket.socket, numbers: set[signal.Signals]) -> None:
    """Waits for the signals, whose numbers Python writes to the socket as they arrive, and for the time that they leave."""
    end: float | None = None
    stopping: Stop | None = None
    while end is None or time.monotonic() < end:
        arrived.settimeout(None if end is None else max(0.001, end - time.monotonic()))
        try:
            number = arrived.recv(1)[0]
        except TimeoutError:
            continue
        if number not in numbers:
            continue
        stop = current_stop()
        in_order = stop is not None and stop is not stopping  # the first signal that it gets
        stopping = stop
        seconds = GRACE + (EPOCH_SECONDS[signal.Signals(number)] if in_order else 0)
        end = min(end or float("inf"), time.monotonic() + seconds)
    if select.select([], [2], [], 0)[1]:  # standard error may be a pipe that nobody reads
        os.write(2, b"regnet: interrupted, and ended since it did not end by itself\n")
    os._exit(INTERRUPTED)
