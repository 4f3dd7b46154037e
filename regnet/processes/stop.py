"""Stop in order: the first signal lets a training finish its epoch and save it; the second one ends it at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that interrupt a process."""
EPOCH_SECONDS: Final = {signal.SIGINT: 30.0, signal.SIGTERM: 5.0, signal.SIGHUP: 5.0}
"""How long an epoch may still take after each signal. Docker kills ten seconds after SIGTERM; after Ctrl-C, a user can decide."""
NOTICE: Final = b"\nregnet: stopping after this epoch; Ctrl-C again stops at once\n"


class OutOfTime(KeyboardInterrupt):
    """The time that was given to a launch is over: it ends as if it were interrupted."""


class Stop:
    """A request to end training after the current epoch: by a signal, or because the time is over.

    Args:
        deadline: when the time is over, in seconds since 1970; None for never.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline = deadline
        self.signalled = False
        """Whether a signal arrived."""

    @property
    def requested(self) -> bool:
        """Whether to end training after this epoch."""
        return self.signalled or self._is_late()

    def check(self) -> None:
        """End the training if this was requested.

        Raises:
            KeyboardInterrupt: a signal arrived.
            OutOfTime: the time is over.
        """
        if self.signalled:
            raise KeyboardInterrupt
        if self._is_late():
            raise OutOfTime

    def _is_late(self) -> bool:
        return self.deadline is not None and time.time() >= self.deadline


_stops: list[Stop] = []
"""The stop that gets the signals; none while they interrupt at once."""


def current_stop() -> Stop | None:
    """Return the stop that the next signal would request; None while signals interrupt at once."""
    return _stops[-1] if _stops else None


@contextmanager
def stopping_in_order(deadline: float | None = None, *, limited: bool = True) -> Iterator[Stop]:
    """Context manager in which the first signal requests a stop instead of raising KeyboardInterrupt, as the second one does.

    Only signals that raise KeyboardInterrupt otherwise are handled in this way, and only in the main thread. A stop that was
    requested by a signal raises KeyboardInterrupt at the end, if nothing has before.

    Args:
        deadline: when the time is over, in seconds since 1970; None for never.
        limited: whether KeyboardInterrupt is raised at once if the epoch takes longer than `EPOCH_SECONDS`.
    """
    stop, timers = Stop(deadline), list[threading.Timer]()
    if threading.current_thread() is not threading.main_thread() or _stops:
        yield stop
        return

    def receive(number: int, frame: FrameType | None) -> None:
        if stop.signalled:
            raise KeyboardInterrupt
        stop.signalled = True
        if limited:
            timers.append(_signal_later(signal.Signals(number)))
        if number == signal.SIGINT and sys.stderr.isatty():
            os.write(sys.stderr.fileno(), NOTICE)

    handled = [number for number in SIGNALS if signal.getsignal(number) in (signal.default_int_handler, interrupt)]
    before = {number: signal.signal(number, receive) for number in handled}
    _stops.append(stop)
    try:
        yield stop
    finally:
        _stops.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
        for timer in timers:
            timer.cancel()
    if stop.signalled:
        raise KeyboardInterrupt


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Handle a signal as Python handles SIGINT."""
    raise KeyboardInterrupt


def _signal_later(number: signal.Signals) -> threading.Timer:
    """Send a signal again to the main thread, after the time that an epoch may take."""
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(EPOCH_SECONDS[number], signal.pthread_kill, (main, number))
    timer.daemon = True
    timer.start()
    return timer
