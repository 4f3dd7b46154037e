"""Functions that child processes of the tests run; each receives its end of the connection."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection

SILENT = 2.0
"""Seconds without a sign of life after which tests give up on a process, instead of a minute."""


def echo(connection: Connection) -> None:
    """Sends back what it receives, until the connection is closed."""
    while True:
        try:
            connection.send_bytes(connection.recv_bytes())
        except EOFError:
            return


def describe(connection: Connection) -> None:
    """Sends its module path, working directory, an environment variable, main module, and blocked signals."""
    main = sys.modules["__main__"]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    connection.send((sys.path, os.getcwd(), os.environ.get("GREETING"), vars(main).get("MARK"), sorted(blocked)))  # noqa: PTH109


def end_with_code(connection: Connection) -> None:
    connection.recv_bytes()
    sys.exit(7)


def answer_and_exit(connection: Connection) -> None:
    connection.send_bytes(b"last")
    os._exit(3)


def raise_error(connection: Connection) -> None:
    raise ZeroDivisionError("mine")


def hold_the_gil(connection: Connection) -> None:
    """Waits in C forever while holding the GIL."""
    ctypes.PyDLL(None).sleep(1000)


def stop_in_the_middle(connection: Connection) -> None:
    """Sends only the first half of a message."""
    os.write(connection.fileno(), b"\x00\x00\x00\x64half")
    time.sleep(1000)


def read_nothing(connection: Connection) -> None:
    time.sleep(1000)


def work(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def work_for_long(connection: Connection) -> None:
    work(3 * SILENT)
    connection.send_bytes(b"done")


def wait_for_a_working_process(connection: Connection) -> None:
    """Waits for a process that computes."""
    worker = os.fork()
    if worker == 0:
        work(3 * SILENT)
        os._exit(0)
    os.waitpid(worker, 0)
    connection.send_bytes(b"done")


def leave_the_connection_open(connection: Connection) -> None:
    """Starts a process that keeps the connection open, and exits."""
    other = os.fork()
    if other == 0:
        time.sleep(1000)
    connection.send_bytes(str(other).encode())
    os._exit(5)


def sleep_in_a_thread(connection: Connection) -> None:
    """Sends a message and returns, but has a thread that continues."""
    threading.Thread(target=time.sleep, args=(1000,)).start()
    connection.send_bytes(b"returned")
    connection.close()
