"""What regnet asks of an MLflow store: reading runs and writing them, whatever is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from regnet.tracking.store.messages import ModelsWanted
from regnet.tracking.store.run_changes import Backend

ROLE = {"regnet.role": "run"}
"""The tag of regnet's runs, as opposed to those that sum up a study, and to other people's."""
SUMMARY = {"regnet.role": "summary"}
"""The tag of runs that sum up a study."""

History: TypeAlias = Mapping[str, np.ndarray]
"""For each metric its values in the order of the epochs, from 1; NaN where an epoch has none."""
Experiments: TypeAlias = Mapping[str, str]
"""The names of experiments by their ids."""
Tags: TypeAlias = Mapping[str, str]
ChooseTags: TypeAlias = Callable[[str, str], Tags | None]
"""Which tags a run gets, given its study and its seed; None for none."""


@dataclass(frozen=True)
class TrackedRun:
    """One of regnet's runs: one training with one seed."""

    run_id: str
    experiment: str
    """The experiment's name."""
    status: str
    """As MLflow has it: FINISHED, FAILED, KILLED or RUNNING."""
    start: int
    """In milliseconds since 1970."""
    artifacts: str
    """Where its files are."""
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    """The last value of each."""

    @property
    def study(self) -> str:
        """The identity of its study."""
        return self.tags["regnet.study"]

    @property
    def seed(self) -> int:
        """What it has of its own among the runs of its study."""
        return int(self.tags["regnet.seed"])

    @property
    def launch(self) -> str:
        """What it was started with."""
        return self.tags["regnet.launch"]

    @property
    def finished(self) -> bool:
        """Whether it was trained to the end."""
        return self.status == "FINISHED"

    @property
    def failure(self) -> str | None:
        """Why it was not trained to the end, if it was not."""
        return None if self.finished else self.tags.get("regnet.failure", self.status.lower())


class Store(Protocol):
    """An MLflow store. MLflow's own errors are left as they are: see `regnet.tracking.store.connect.tracking_errors`."""

    def experiments(self, name: str | None = None) -> Experiments:
        """All experiments, or the one of that name.

        Raises:
            TrackingError: there is none of that name.
        """

    def make_experiment(self, name: str) -> str:
        """The id of the experiment of that name, which is made if there is none; several processes may do so at once.

        Raises:
            TrackingError: it was deleted.
        """

    def experiment_tag(self, experiment: str, key: str) -> str | None:
        """A tag of an experiment, given by its id."""

    def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
        """Sets a tag of an experiment, given by its id."""

    def newest_run(self, within: Experiments) -> TrackedRun | None:
        """The run that was started last in some experiments."""

    def find_runs(self, within: Experiments, tags: Tags) -> list[TrackedRun]:
        """The runs of some experiments that have all of these tags, in the order of their start.

        Raises:
            TrackingError: a tag cannot be asked for.
        """

    def tag_values(self, within: Experiments, keys: Iterable[str]) -> set[str]:
        """All values that these tags have in regnet's runs."""

    def histories(self, runs: Sequence[TrackedRun], names: set[str]) -> Mapping[str, History]:
        """For each run, by its id, the histories of those metrics that it has."""

    def artifact(self, run: TrackedRun, name: str) -> bytes:
        """What is in a file of a run.

        Raises:
            OSError: there is no such file.
        """

    def tag_runs(self, experiment: str, launch: str, choose: ChooseTags) -> None:
        """Sets tags of the runs of a launch."""

    def backend(self, experiment: str) -> Backend:
        """What writes runs into the experiment of that id."""

    def keep_models(self, experiment: str, wanted: ModelsWanted) -> None:
        """Keeps the best runs of a launch as models; a run that has a model already is passed over.

        Raises:
            TrackingError: such a run is not in the store.
        """
