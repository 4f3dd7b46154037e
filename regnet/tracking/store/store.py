"""The protocol of an MLflow store, as regnet uses it to read and write runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

import numpy as np

from regnet.launch_folder.owner import Owner
from regnet.study.result import ABANDONED, RUNNING
from regnet.tracking.store.messages import FAILURE, HEARTBEAT, OWNER_TAG, ModelsWanted
from regnet.tracking.store.run_changes import Backend

ROLE = {"regnet.role": "run"}
"""The tag of regnet's training runs; summary runs and the runs of other programs do not have it."""
SUMMARY = {"regnet.role": "summary"}
"""The tag of summary runs."""
SILENT_SECONDS = 15 * 60
"""How long the owner of a run on another machine may send no heartbeat, in seconds."""

History: TypeAlias = Mapping[str, np.ndarray]
"""The values ``(epochs,)`` of each metric, from epoch 1; NaN for an epoch without a value."""
Experiments: TypeAlias = Mapping[str, str]
"""The names of experiments by their ids."""
Tags: TypeAlias = Mapping[str, str]
ChooseTags: TypeAlias = Callable[[str, str], Tags | None]
"""Returns the tags to set on a run, given its study and its seed; None for no tags."""


@dataclass(frozen=True)
class TrackedRun:
    """One of regnet's runs: one training with one seed."""

    run_id: str
    experiment: str
    """The experiment's name."""
    status: str
    """MLflow's status: FINISHED, FAILED, KILLED or RUNNING."""
    start: int
    """The time of its start, in milliseconds since 1970."""
    artifacts: str
    """The address of its artifacts."""
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    """The last value of each metric."""
    heard: int = 0
    """When its owner was last known to run, in milliseconds since 1970."""

    @property
    def study(self) -> str:
        """The identity of its study."""
        return self.tags["regnet.study"]

    @property
    def seed(self) -> int:
        """Its seed, which distinguishes it from the other runs of its study."""
        return int(self.tags["regnet.seed"])

    @property
    def launch(self) -> str:
        """The name of its launch."""
        return self.tags["regnet.launch"]

    @property
    def finished(self) -> bool:
        """Whether it was trained to the end."""
        return self.status == "FINISHED"

    @property
    def failure(self) -> str | None:
        """Why it was not trained to the end, or in which state it is; None if it was."""
        if self.finished:
            return None
        return self._state if self.status == "RUNNING" else self.tags.get(FAILURE, self.status.lower())

    @property
    def owner(self) -> Owner | None:
        """The process that trains it, or trained it."""
        return Owner.from_json(self.tags.get(OWNER_TAG, ""))

    @property
    def _state(self) -> str:
        """Whether the process that trains it runs: on another machine, this is known by its heartbeat."""
        owner = self.owner
        if owner is None:
            return RUNNING
        match owner.runs:
            case True:
                return RUNNING
            case False:
                return f"{ABANDONED}: {owner} was killed"
        last = max(self.start, self.heard) / 1000
        if time.time() - last < SILENT_SECONDS:
            return f"{RUNNING}: on {owner.host}"
        when = datetime.fromtimestamp(last).astimezone().isoformat(" ", "seconds")
        return f"{ABANDONED}: {owner} was last known to run at {when}"


def with_heartbeats(runs: Iterable[TrackedRun]) -> list[TrackedRun]:
    """Return runs in the order of their start, each with the latest heartbeat of its owner, which only one of its runs has."""
    found = sorted(runs, key=lambda run: (run.start, run.run_id))
    latest: dict[str | None, int] = {}
    for run in found:
        owner, heartbeat = run.tags.get(OWNER_TAG), run.tags.get(HEARTBEAT, "")
        if heartbeat.isdigit():
            latest[owner] = max(latest.get(owner, 0), int(heartbeat))
    return [replace(run, heard=latest.get(run.tags.get(OWNER_TAG), 0)) for run in found]


class Store(Protocol):
    """An MLflow store.

    Its methods do not convert MLflow's errors: see `regnet.tracking.store.connect.tracking_errors`. The argument `experiment` is
    the id of an experiment.
    """

    def experiments(self, name: str | None = None) -> Experiments:
        """Return all experiments, or only the experiment `name`.

        Raises:
            TrackingError: there is no experiment of that name.
        """

    def make_experiment(self, name: str, artifacts: str | None = None) -> str:
        """Return the id of an experiment, and create it if necessary; several processes may do so at the same time.

        Args:
            name: its name.
            artifacts: where a new experiment keeps its artifacts; by default where MLflow puts them.

        Raises:
            TrackingError: the experiment was deleted.
        """

    def experiment_tag(self, experiment: str, key: str) -> str | None:
        """Return a tag of an experiment; None if it is not set."""

    def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
        """Set a tag of an experiment."""

    def newest_run(self, within: Experiments) -> TrackedRun | None:
        """Return the newest run in some experiments; None if there are no runs."""

    def find_runs(self, within: Experiments, tags: Tags) -> list[TrackedRun]:
        """Return the runs of some experiments that have all of these tags, in the order of their start.

        Raises:
            TrackingError: MLflow cannot search for a tag's value.
        """

    def running_runs(self, within: Experiments) -> list[TrackedRun]:
        """Return the runs of some experiments whose status is RUNNING, in the order of their start."""

    def tag_values(self, within: Experiments, keys: Iterable[str]) -> set[str]:
        """Return all values that these tags have in regnet's runs."""

    def histories(self, runs: Sequence[TrackedRun], names: set[str]) -> Mapping[str, History]:
        """Return the histories of these metrics for each run, by its id; a metric that a run does not have is left out."""

    def artifact(self, run: TrackedRun, name: str) -> bytes:
        """Return the content of an artifact of a run.

        Raises:
            OSError: there is no such file.
        """

    def tag_runs(self, experiment: str, launch_id: str, choose: ChooseTags) -> None:
        """Set tags on the runs of a launch."""

    def kill_runs(self, runs: Sequence[TrackedRun], reason: str, milliseconds: int) -> None:
        """End runs as KILLED, for a reason."""

    def backend(self, experiment: str) -> Backend:
        """Return the backend that writes runs into an experiment."""

    def keep_models(self, experiment: str, wanted: ModelsWanted) -> None:
        """Save the best runs of a launch as models; skip a run that already has a model.

        Raises:
            TrackingError: a study's best run is not in the store.
        """
