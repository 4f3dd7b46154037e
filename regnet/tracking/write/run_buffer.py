"""A buffer for the runs of one destination: it collects records as they arrive, and writes the changes of each run."""

from __future__ import annotations

import itertools
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import numpy as np
from omegaconf import OmegaConf

from regnet.credentials import hide
from regnet.serving.header import CONFIG
from regnet.tracking.store import messages
from regnet.tracking.store.connect import connect, tracking_errors
from regnet.tracking.store.datasets import dataset_inputs
from regnet.tracking.store.retry import retried
from regnet.tracking.store.run_changes import Beginning, Changes, Ending, Inputs, Point
from regnet.tracking.store.store import ROLE, SUMMARY, TrackedRun
from regnet.tracking.ui.descriptions import link, run_note
from regnet.tracking.ui.publish import show_launch, show_view
from regnet.tracking.ui.view import NOTE, grouped_link

T = TypeVar("T")


class RunBuffer:
    """The runs of one destination, and their changes that are not written yet.

    Args:
        destination: the store and the experiment; its folder becomes the working directory.

    Raises:
        TrackingError: the store cannot be reached, opened or written.
    """

    def __init__(self, destination: messages.Destination) -> None:
        self._destination = destination
        os.chdir(destination.folder)
        self._store = connect(destination.uri)
        self._experiment = self._retried(partial(self._store.make_experiment, destination.experiment, destination.artifacts))
        self._backend = self._retried(partial(self._store.backend, self._experiment))
        self._studies: dict[int, tuple[messages.StudyBegun, bytes]] = {}
        self._data: dict[int, Inputs] = {}
        self._changes: dict[int, Changes] = {}
        self._running: set[int] = set()
        self._known_runs: dict[str, dict[tuple[str, int], list[TrackedRun]]] = {}
        """For each launch, by its id, the runs that earlier processes have begun, by study and seed."""
        self._written: dict[int, dict[str, set[int]]] = {}
        """The epochs that are in the store, for each metric of a run that an earlier process has begun."""
        self._first_epochs: dict[int, int] = {}
        """The first epoch that this buffer has got of each run that it has begun."""
        self._summary_numbers = itertools.count(-1, -1)
        self._known_summaries: dict[str, dict[str, TrackedRun | None]] = {}
        """For each launch, the summary runs by study; None for a run that this buffer creates."""
        self._views: dict[str, str] = {}
        """The address of each launch's view."""
        self._launches: list[messages.LaunchSummed] = []
        self._models: list[messages.ModelsWanted] = []

    @property
    def uri(self) -> str:
        """The address of the store."""
        return self._destination.uri

    @property
    def pending(self) -> bool:
        """Whether anything is still to be written."""
        return bool(self._changes or self._launches or self._models)

    def write(self) -> None:
        """Write all changes to the store.

        Raises:
            TrackingError: the store cannot be written.
        """
        changes, self._changes = list(self._changes.values()), {}
        launches, self._launches = self._launches, []
        models, self._models = self._models, []
        with tracking_errors(self._destination.uri):
            self._backend.write(changes)
            for launch in launches:
                self._retried(partial(show_launch, self._store, self._experiment, launch))
            for wanted in models:
                self._retried(partial(self._store.keep_models, self._experiment, wanted))

    def _retried(self, use: Callable[[], T]) -> T:
        """Use the store again and again while its database fails; raise TrackingError if it fails for too long."""
        with tracking_errors(self._destination.uri):
            return retried(self._destination.uri, use)

    def abandon(self, milliseconds: int) -> None:
        """Mark the unfinished runs as killed, because the training process has ended."""
        tags = {"regnet.failure": "the training process ended without reporting a result"}
        for run in list(self._running):
            self._end(messages.RunEnded(run, milliseconds, "KILLED", tags=tags))

    def add(self, record: messages.Record) -> None:
        """Add a record, to be written later."""
        match record:
            case messages.StudyBegun():
                config = hide(OmegaConf.to_yaml(dict(record.config)))
                self._studies[record.study] = (record, config.encode())
            case messages.DataSeen():
                self._data[record.data] = dataset_inputs(record)
            case messages.RunBegun():
                self._start(record)
            case messages.EpochMeasured():
                self._measure(record)
            case messages.RunEnded():
                self._end(record)
            case messages.RunsTagged():
                for run in record.runs:
                    self._changes_of(run).tags |= record.tags
            case messages.StudySummed():
                self._summarize(record)
            case messages.LaunchSummed():
                self._launches.append(record)
            case messages.ModelsWanted():
                self._models.append(record)

    def beat(self, milliseconds: int) -> None:
        """Record that the training process runs, on one of the runs that it trains."""
        if self._running:
            self._changes_of(min(self._running)).tags[messages.HEARTBEAT] = str(milliseconds)

    def _changes_of(self, run: int) -> Changes:
        return self._changes.setdefault(run, Changes(run))

    def _start(self, record: messages.RunBegun) -> None:
        study, config = self._studies[record.study]
        known = self._find_run(study, record.seed)
        if known is not None:
            self._backend.adopt(record.run, known.run_id)
            self._written[record.run] = self._epochs(known)
        new = self._changes_of(record.run)
        inputs = [] if record.data is None else self._data[record.data]
        new.begun = Beginning(f"{study.name} · seed {record.seed}", record.milliseconds, inputs, known is not None)
        new.removed_tags = {messages.FAILURE} if known is not None else set()
        note = run_note(record.seed, self._view(study.tags["regnet.launch"]))
        new.tags |= {**study.tags, "regnet.seed": str(record.seed), NOTE: note}
        new.params |= {**study.params, "seed": str(record.seed)}
        new.files[CONFIG] = config
        self._running.add(record.run)

    def _measure(self, record: messages.EpochMeasured) -> None:
        columns = [values.tolist() for values in record.metrics.values()]
        for run, *values in zip(record.runs, *columns, strict=True):
            points = [
                Point(name, record.epoch, record.milliseconds, value)
                for name, value in zip(record.metrics, values, strict=True)
                if math.isfinite(value)
            ]
            self._first_epochs.setdefault(run, record.epoch)
            self._changes_of(run).points += self._missing(run, points) if run in self._written else points

    def _missing(self, run: int, points: Iterable[Point]) -> list[Point]:
        """The points that are not in the store, of a run that an earlier process has begun."""
        written = self._written[run]
        missing = [point for point in points if point.step not in written[point.name]]
        for point in missing:
            written[point.name].add(point.step)
        return missing

    def _end(self, record: messages.RunEnded) -> None:
        new = self._changes_of(record.run)
        points = [Point(name, record.step, record.milliseconds, value) for name, value in record.metrics.items()]
        before = self._first_epochs.pop(record.run, None)
        for name, values in (record.history or {}).items():
            earlier = values if record.run in self._written or before is None else values[: before - 1]
            finite = [(epoch, value) for epoch, value in enumerate(earlier.tolist(), start=1) if math.isfinite(value)]
            points += [Point(name, epoch, record.milliseconds, value) for epoch, value in finite]
        new.points += self._missing(record.run, points) if record.run in self._written else points
        new.tags |= record.tags
        new.files |= record.files
        new.ended = Ending(record.status, record.milliseconds)
        self._running.discard(record.run)

    def _find_run(self, study: messages.StudyBegun, seed: int) -> TrackedRun | None:
        """Return the run of a launch's study and seed that an earlier process has begun; delete others of the same seed.

        One query reads all runs of the launch. MLflow's client makes several runs of one if a server's replies are lost.
        """
        launch = study.tags.get(messages.LAUNCH_ID)
        if launch is None:
            return None
        if launch not in self._known_runs:
            known = self._known_runs[launch] = defaultdict(list)
            for run in self._retried(partial(self._store.find_runs, {self._experiment: ""}, ROLE | {messages.LAUNCH_ID: launch})):
                known[run.study, run.seed].append(run)
        found = self._known_runs[launch].pop((study.tags["regnet.study"], seed), [])
        if not found:
            return None
        chosen, *others = sorted(found, key=lambda run: not run.finished)
        self._retried(partial(self._backend.delete, [run.run_id for run in others if not run.finished]))
        return chosen

    def _epochs(self, run: TrackedRun) -> dict[str, set[int]]:
        """Return the epochs of a run that the store has, for each metric."""
        history = self._retried(partial(self._store.histories, [run], set(run.metrics)))[run.run_id]
        return defaultdict(set, {name: set((np.flatnonzero(~np.isnan(values)) + 1).tolist()) for name, values in history.items()})

    def _summarize(self, record: messages.StudySummed) -> None:
        new = self._changes_of(next(self._summary_numbers))
        known = self._find_summary(record)
        if known is None:
            new.begun = Beginning(record.name, record.milliseconds)
        else:
            self._backend.adopt(new.run, known.run_id)
        view = link("All runs of this launch, grouped by study", self._view(record.tags["regnet.launch"]))
        new.tags |= {**record.tags, NOTE: f"{view}\n\n{record.note}"}
        new.params |= record.params
        values = known.metrics if known else {}
        changed = {name: value for name, value in record.metrics.items() if values.get(name) != value}
        new.points += [Point(name, 0, record.milliseconds, value) for name, value in changed.items()]
        new.report = record.report
        new.ended = Ending("FINISHED", record.milliseconds)

    def _view(self, launch: str) -> str:
        """Return the address of the launch's view; save the view in the store if it is not there."""
        if launch not in self._views:
            self._retried(partial(show_view, self._store, self._experiment, launch))
            self._views[launch] = grouped_link(self._experiment, launch)
        return self._views[launch]

    def _find_summary(self, record: messages.StudySummed) -> TrackedRun | None:
        """Return the summary run that the launch has for the study; one query reads those of all its studies."""
        launch, study = record.tags[messages.LAUNCH_ID], record.tags["regnet.study"]
        known = self._known_summaries.get(launch)
        if known is None or (study in known and known[study] is None):  # not read yet, or created since
            tags = SUMMARY | {messages.LAUNCH_ID: launch}
            runs = self._retried(partial(self._store.find_runs, {self._experiment: ""}, tags))
            known = self._known_summaries[launch] = {run.study: run for run in runs}
        return known.setdefault(study, None)


def open_patiently(destination: messages.Destination) -> RunBuffer:
    """Open a store that was available a moment ago, again and again while it fails.

    Raises:
        TrackingError: the last attempt failed.
    """
    return retried(destination.uri, partial(RunBuffer, destination))
