"""A progress bar for whatever takes longer than two seconds; nothing where nobody is watching."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from regnet.events import EpochEnded, RunFailed, StudyEnded, StudyStarted
from regnet.hookspecs import hookimpl

PATIENCE = 2.0
"""Seconds that a person waits without asking what is going on."""


class Progress:
    """A listener that shows how many of a study's epochs, over all its seeds, are done."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"), TimeRemainingColumn())
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task: TaskID | None = None
        self._started = 0.0
        self._done = 0
        self._visible = sys.stderr.isatty()

    @hookimpl
    def regnet_study_started(self, event: StudyStarted) -> None:
        self._started = time.monotonic()

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        self._done += len(event.seeds)
        if not self._visible or time.monotonic() - self._started < PATIENCE:
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(event.study.name, total=event.study.epochs * len(event.study.seeds))
        self._bar.update(self._task, completed=self._done)

    @hookimpl
    def regnet_run_failed(self, event: RunFailed) -> None:
        if event.interrupted:
            self._stop()

    @hookimpl
    def regnet_study_ended(self, event: StudyEnded) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._task is not None:
            self._bar.stop()
