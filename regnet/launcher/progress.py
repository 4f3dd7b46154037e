"""A progress bar for training that takes longer than two seconds; shown only in a terminal."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pluggy
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from regnet.events import EpochEnded, StudyEnded
from regnet.hookspecs import hookimpl
from regnet.study.study import Study

PATIENCE = 2.0
"""Seconds after which the bar is shown."""


@contextmanager
def progress_bar(studies: Sequence[Study], manager: pluggy.PluginManager) -> Iterator[None]:
    """Context manager that shows on standard error the share of the studies' epochs, over all seeds, that are done."""
    progress = Progress(studies)
    manager.register(progress, "regnet-progress")
    try:
        yield
    finally:
        if manager.is_registered(progress):
            manager.unregister(progress)
        progress.stop()


class Progress:
    """A listener that updates the bar of some studies, trained one after another or together."""

    def __init__(self, studies: Sequence[Study]) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"), TimeRemainingColumn())
        # if the output is a file, rich would still redirect it to the terminal
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty())
        name = studies[0].name if len(studies) == 1 else f"{len(studies)} jobs"
        self._task = self._bar.add_task(name, total=sum(map(_epochs, studies)))
        self._done: Counter[int] = Counter()
        self._started = time.monotonic()
        self._visible = sys.stderr.isatty()

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        self._done[id(event.study)] += len(event.seeds)
        self._show()

    @hookimpl
    def regnet_study_ended(self, event: StudyEnded) -> None:
        self._done[id(event.study)] = _epochs(event.study)  # some of its seeds may have stopped early
        self._show()

    def stop(self) -> None:
        """Remove the bar, if it is shown."""
        if self._bar.live.is_started:
            self._bar.stop()

    def _show(self) -> None:
        if self._visible and time.monotonic() - self._started > PATIENCE:
            self._bar.start()
            self._bar.update(self._task, completed=self._done.total())


def _epochs(study: Study) -> int:
    return study.epochs * len(study.seeds)
