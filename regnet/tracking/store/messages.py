"""The records that the training process sends to the writing process, in chronological order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from regnet.credentials import hide
from regnet.encoding import well_formed
from regnet.registry.discovery import Provenance
from regnet.study.flatten import flatten

STOPPED = "regnet.stopped_after_epoch"
"""The tag of a run that was stopped early: its last epoch."""
UNLEARNED = "regnet.unlearned"
"""The tag of a run whose network has learned nothing: why."""
TAG_LENGTH = 5000
"""Maximum length of a tag in MLflow, in characters."""
LABEL = "regnet.label"
"""The tag that runs are grouped by: the study's label within its launch."""
BEST = "regnet.best"
"""The tag that marks each study's best run."""
MEASURES = "regnet.measures"
"""The tag of a run: the measure of each of its metrics, as JSON."""
HEADLINE = "regnet.headline"
"""The tag of a run: the headline metric of its study."""
CONTENT = "regnet.content"
"""The tag of a run: a hash of the files that its examples were read from."""
AUTOMATIC = "regnet.automatic"
"""The tag with the settings that were `auto`, by dotted name."""
POPULATION = "regnet.population"
"""The tag of a run: what the runs of its study vary in, as JSON."""
NOTES = "regnet.notes"
"""The tag of a run: what a user should know about its study, in lines."""
LAUNCH_ID = "regnet.launch_id"
"""The tag of a run: the id of its launch, by which it is found again together with its study and its seed."""
PLANNED = "regnet.planned_seeds"
"""The tag of a run: all seeds of its study that its launch is to run, such as ``0-19,25``."""
OWNER_TAG = "regnet.owner"
"""The tag of a run: the process that trains it, as JSON."""
HEARTBEAT = "regnet.heartbeat"
"""The tag of a run: when its owner was last known to run, in milliseconds since 1970. One run of each owner has a current one."""
GIT_COMMIT = "mlflow.source.git.commit"
"""MLflow's own tag of a run: the commit that was checked out in the working directory."""
FAILURE = "regnet.failure"
"""The tag of a run that was not trained to the end: the reason."""


@dataclass(frozen=True)
class Destination:
    """The MLflow store and the experiment that runs are written to."""

    uri: str
    experiment: str
    folder: Path
    """The working directory, in which MLflow puts the artifacts of an experiment that it creates."""
    artifacts: str | None = None
    """Where it puts them instead."""


@dataclass(frozen=True)
class StudyBegun:
    """A study has started: what its runs have in common."""

    study: int
    name: str
    config: Mapping[str, Any]
    tags: Mapping[str, str]
    params: Mapping[str, str]


@dataclass(frozen=True)
class DataSeen:
    """Examples that runs are trained and tested on, sent once for all runs that share them."""

    data: int
    name: str
    splits: Mapping[str, tuple[np.ndarray, np.ndarray]]
    """Inputs ``(N, F)`` and targets for each use, such as ``training``."""


@dataclass(frozen=True)
class RunBegun:
    """A run has started."""

    run: int
    study: int
    data: int | None
    """None if the run failed before its data were loaded."""
    seed: int
    milliseconds: int
    """The time of its start, since 1970."""


@dataclass(frozen=True)
class EpochMeasured:
    """The metrics of several runs after an epoch."""

    runs: tuple[int, ...]
    epoch: int
    milliseconds: int
    metrics: Mapping[str, np.ndarray]
    """For each metric, one value for each run, ``(R,)``; only finite values are written."""


@dataclass(frozen=True)
class RunEnded:
    """A run has finished, or has failed."""

    run: int
    milliseconds: int
    status: str
    """MLflow's status: FINISHED, FAILED or KILLED."""
    step: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The final metrics, written at `step`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    history: Mapping[str, np.ndarray] | None = None
    """For each metric, the values ``(E,)`` after every epoch, if some may not have been sent; those in the store are kept."""


@dataclass(frozen=True)
class RunsTagged:
    """Tags to be set on several runs, running or finished."""

    runs: tuple[int, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class StudySummed:
    """The summary run of a study; it updates the summary run that the launch may already have for the study."""

    name: str
    milliseconds: int
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    report: Path | None
    """A folder to be copied into the summary run's artifacts."""
    note: str = ""
    """The run's description in Markdown; a link to the launch's view is added."""


@dataclass(frozen=True)
class LaunchSummed:
    """A launch is complete: the labels and the best runs of its studies."""

    launch: str
    launch_id: str
    labels: Mapping[str, str]
    """The label of each study, by the tag ``regnet.study``."""
    best: Mapping[str, int]
    """The seed of each study's best run, by the tag ``regnet.study``; a study whose runs all failed is missing."""
    splits: frozenset[str]
    """The splits that metrics were measured on, such as ``test``, as in the prefixes of metric names."""
    note: str
    """The launch's description in Markdown; links are added."""


@dataclass(frozen=True)
class ModelWanted:
    """A study's best run, to be kept as a model."""

    study: str
    """As in the tag ``regnet.study``."""
    seed: int
    label: str
    judged_by: str
    """The metric that the run was chosen by."""
    needs: tuple[Provenance, ...]
    """The distributions that provide the network's components."""
    register: str | None
    """The name under which the model is registered as the newest version; None to keep it unregistered."""


@dataclass(frozen=True)
class ModelsWanted:
    """The models to be kept of a complete launch."""

    launch_id: str
    models: tuple[ModelWanted, ...]


@dataclass(frozen=True)
class Closed:
    """No more records follow: a reply is expected when everything is written."""


Record: TypeAlias = (
    Destination
    | StudyBegun
    | DataSeen
    | RunBegun
    | EpochMeasured
    | RunEnded
    | RunsTagged
    | StudySummed
    | LaunchSummed
    | ModelsWanted
    | Closed
)


@dataclass(frozen=True)
class Reply:
    """The writing process's reply: everything sent over a channel is written, or an error that prevents it."""

    channel: int
    problem: str | None = None
    fatal: bool = False
    """Whether the problem is a mistake of the user, which will not pass."""


class Ping:
    """Asks the writing process whether it works; it answers with the same."""


def write_seeds(seeds: Sequence[int]) -> str:
    """Return seeds as text, consecutive ones as a range.

    >>> write_seeds([0, 1, 2, 7])
    '0-2,7'
    """
    runs = groupby(enumerate(sorted(seeds)), key=lambda pair: pair[1] - pair[0])
    spans = [[seed for _, seed in run] for _, run in runs]
    return ",".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


def read_seeds(text: str) -> list[int]:
    """Return the seeds that `write_seeds` wrote.

    >>> read_seeds("0-2,7")
    [0, 1, 2, 7]
    """
    spans = [span.partition("-") for span in text.split(",") if span]
    return [seed for first, _, last in spans for seed in range(int(first), int(last or first) + 1)]


def params_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return a configuration as MLflow's parameters, such as ``optimizer.lr``: strings by dotted name, without passwords."""
    return {name: hide(well_formed(str(value))) for name, value in flatten(config).items()}
