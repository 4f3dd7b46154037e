"""The books of one destination: records come in as things happen, and are written run by run."""

from __future__ import annotations

import itertools
import math
import os

from omegaconf import OmegaConf

from regnet.serving.header import CONFIG
from regnet.tracking.store import messages
from regnet.tracking.store.connect import connect, tracking_errors
from regnet.tracking.store.datasets import dataset_inputs
from regnet.tracking.store.passwords import without_password
from regnet.tracking.store.run_changes import Beginning, Changes, Ending, Inputs, Point
from regnet.tracking.store.store import SUMMARY
from regnet.tracking.ui.descriptions import link, run_note
from regnet.tracking.ui.publish import show_launch, show_view
from regnet.tracking.ui.view import NOTE, grouped_link


class Ledger:
    """What is known of the runs that go to one destination, and what is still to be written of them."""

    def __init__(self, destination: messages.Destination) -> None:
        """Connects to the store; raises TrackingError if that cannot be done."""
        self._destination = destination
        os.chdir(destination.folder)
        self._store = connect(destination.uri)
        with tracking_errors(destination.uri):
            self._experiment = self._store.make_experiment(destination.experiment)
            self._backend = self._store.backend(self._experiment)
        self._studies: dict[int, tuple[messages.StudyBegun, bytes]] = {}
        self._data: dict[int, Inputs] = {}
        self._changes: dict[int, Changes] = {}
        self._going_on: set[int] = set()
        self._summaries = itertools.count(-1, -1)
        self._known: dict[str, dict[str, str | None]] = {}
        """For each launch the summary runs by study; none for one that is made here."""
        self._views: dict[str, str] = {}
        """The address of each launch's view."""
        self._summed: list[messages.LaunchSummed] = []
        self._models: list[messages.ModelsWanted] = []

    @property
    def pending(self) -> bool:
        """Whether anything is still to be written."""
        return bool(self._changes or self._summed or self._models)

    def write(self) -> None:
        """Writes everything that is new; raises TrackingError if that cannot be done."""
        changes, self._changes = list(self._changes.values()), {}
        summed, self._summed = self._summed, []
        models, self._models = self._models, []
        with tracking_errors(self._destination.uri):
            self._backend.write(changes)
            for launch in summed:
                show_launch(self._store, self._experiment, launch)
            for wanted in models:
                self._store.keep_models(self._experiment, wanted)

    def abandon(self, milliseconds: int) -> None:
        """Takes the runs that go on as killed: nobody is left to tell how they ended."""
        tags = {"regnet.failure": "the training process ended without a word"}
        for run in list(self._going_on):
            self._end(messages.RunEnded(run, milliseconds, "KILLED", tags=tags))

    def take(self, record: messages.Record) -> None:
        """Enters what happened, to be written later."""
        match record:
            case messages.StudyBegun():
                config = without_password(OmegaConf.to_yaml(dict(record.config)))
                self._studies[record.study] = (record, config.encode())
            case messages.DataSeen():
                self._data[record.data] = dataset_inputs(record)
            case messages.RunBegun():
                self._begin(record)
            case messages.EpochMeasured():
                self._measure(record)
            case messages.RunEnded():
                self._end(record)
            case messages.RunsTagged():
                for run in record.runs:
                    self._of(run).tags |= record.tags
            case messages.StudySummed():
                self._sum_up(record)
            case messages.LaunchSummed():
                self._summed.append(record)
            case messages.ModelsWanted():
                self._models.append(record)

    def _of(self, run: int) -> Changes:
        return self._changes.setdefault(run, Changes(run))

    def _begin(self, record: messages.RunBegun) -> None:
        study, config = self._studies[record.study]
        new = self._of(record.run)
        new.begun = Beginning(f"{study.name} · seed {record.seed}", record.milliseconds, self._data[record.data])
        note = run_note(record.seed, self._view(study.tags["regnet.launch"]))
        new.tags |= {**study.tags, "regnet.seed": str(record.seed), NOTE: note}
        new.params |= {**study.params, "seed": str(record.seed)}
        new.files[CONFIG] = config
        self._going_on.add(record.run)

    def _measure(self, record: messages.EpochMeasured) -> None:
        columns = [values.tolist() for values in record.metrics.values()]
        for run, *values in zip(record.runs, *columns, strict=True):
            self._of(run).points += [
                Point(name, record.epoch, record.milliseconds, value)
                for name, value in zip(record.metrics, values, strict=True)
                if math.isfinite(value)
            ]

    def _end(self, record: messages.RunEnded) -> None:
        new = self._of(record.run)
        new.points += [Point(name, record.step, record.milliseconds, value) for name, value in record.metrics.items()]
        new.tags |= record.tags
        new.files |= record.files
        new.ended = Ending(record.status, record.milliseconds)
        self._going_on.discard(record.run)

    def _sum_up(self, record: messages.StudySummed) -> None:
        new = self._of(next(self._summaries))
        found = self._summary_of(record)
        if found is None:
            new.begun = Beginning(record.name, record.milliseconds)
        else:
            self._backend.adopt(new.run, found)
        view = link("All runs of this launch, grouped by study", self._view(record.tags["regnet.launch"]))
        new.tags |= {**record.tags, NOTE: f"{view}\n\n{record.note}"}
        new.params |= record.params
        new.points += [Point(name, 0, record.milliseconds, value) for name, value in record.metrics.items()]
        new.report = record.report
        new.ended = Ending("FINISHED", record.milliseconds)

    def _view(self, launch: str) -> str:
        """The address of the launch's view, which is in the store from then on."""
        if launch not in self._views:
            with tracking_errors(self._destination.uri):
                show_view(self._store, self._experiment, launch)
            self._views[launch] = grouped_link(self._experiment, launch)
        return self._views[launch]

    def _summary_of(self, record: messages.StudySummed) -> str | None:
        """The run that the launch already has for the study; all of a launch's are looked for at once."""
        launch, study = record.tags["regnet.launch"], record.tags["regnet.study"]
        known = self._known.get(launch)
        if known is None or known.get(study, "") is None:  # nobody has looked, or it has been made since
            with tracking_errors(self._destination.uri):
                runs = self._store.find_runs({self._experiment: ""}, SUMMARY | {"regnet.launch": launch})
            known = self._known[launch] = {run.study: run.run_id for run in runs}
        return known.setdefault(study, None)
