"""Starting a process that ends with this process, and not with the thread that started it."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

TERMINAL: Final = {signal.SIGINT, signal.SIGHUP}
"""The signals that a terminal sends to every process in it: on Ctrl-C, and when it is closed."""


@dataclass(frozen=True)
class Start:
    """How to start a process."""

    words: Sequence[str]
    environment: Mapping[str, str]
    descriptor: int
    """The file descriptor that it inherits, besides standard output and error."""


def start(how: Start) -> subprocess.Popen[bytes]:
    """Start a process in which the signals of a terminal are blocked.

    A thread starts it and then waits until it ends: Linux treats the thread that started a process as its parent, and
    `PR_SET_PDEATHSIG` would kill the process together with a thread that ends earlier.

    Raises:
        OSError: the system cannot start another process.
        RuntimeError: the system cannot start another thread.
    """
    started: Future[subprocess.Popen[bytes]] = Future()
    threading.Thread(target=_start_and_wait, args=(how, started), daemon=True, name="regnet-child").start()
    return started.result()


def _start_and_wait(how: Start, started: Future[subprocess.Popen[bytes]]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL)  # inherited by the process
    try:
        process = subprocess.Popen(how.words, stdin=subprocess.DEVNULL, pass_fds=[how.descriptor], env=how.environment)
    except Exception as error:
        started.set_exception(error)
        return
    started.set_result(process)
    process.wait()
