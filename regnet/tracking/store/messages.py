"""What the training process hands to the process that writes: small plain records, in the order of what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from regnet.encoding import well_formed
from regnet.registry.discovery import Provenance
from regnet.study.flatten import flatten
from regnet.tracking.store.passwords import without_password

STOPPED = "regnet.stopped_after_epoch"
"""The tag of a run that was ended early: after which epoch."""
TAG_LENGTH = 5000
"""In characters: MLflow takes no longer tag."""
LABEL = "regnet.label"
"""The tag that runs are grouped by: what the study is called among those of its launch."""
BEST = "regnet.best"
"""The tag of each study's best run."""
MEASURES = "regnet.measures"
"""The tag of a run: how to read its metrics' values, as JSON."""
HEADLINE = "regnet.headline"
"""The tag of a run: the metric by which its study is judged."""


@dataclass(frozen=True)
class Destination:
    """The MLflow store and the experiment in it that runs are written to."""

    uri: str
    experiment: str
    folder: Path
    """The working directory, below which MLflow puts the artifacts of an experiment that it makes."""


@dataclass(frozen=True)
class StudyBegun:
    """A study's runs are about to begin: what they have in common."""

    study: int
    name: str
    config: Mapping[str, Any]
    tags: Mapping[str, str]
    params: Mapping[str, str]


@dataclass(frozen=True)
class DataSeen:
    """Examples that runs are trained on, told of once however many share them."""

    data: int
    name: str
    splits: Mapping[str, tuple[np.ndarray, np.ndarray]]
    """Inputs ``(N, F)`` and targets for each use, such as ``training``."""


@dataclass(frozen=True)
class RunBegun:
    """One run begins."""

    run: int
    study: int
    data: int
    seed: int
    milliseconds: int
    """When, since 1970."""


@dataclass(frozen=True)
class EpochMeasured:
    """What several runs measured after an epoch."""

    runs: tuple[int, ...]
    epoch: int
    milliseconds: int
    metrics: Mapping[str, np.ndarray]
    """For each metric one value for each run, ``(R,)``; what is not finite is not written."""


@dataclass(frozen=True)
class RunEnded:
    """One run has ended, well or not."""

    run: int
    milliseconds: int
    status: str
    """As MLflow has it: FINISHED, FAILED or KILLED."""
    step: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The final ones, written at `step`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class RunsTagged:
    """Something to be said of several runs, whether they go on or not."""

    runs: tuple[int, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class StudySummed:
    """A study's runs, summed up in a run of its own; one that the launch already has is written anew."""

    name: str
    milliseconds: int
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    report: Path | None
    """A folder whose files belong to the summary."""
    note: str = ""
    """The run's description in Markdown; a link to the launch's view is added."""


@dataclass(frozen=True)
class LaunchSummed:
    """All of a launch's studies are known, and so what to call them and which runs are their best."""

    launch: str
    labels: Mapping[str, str]
    """By study, as in the tag ``regnet.study``."""
    best: Mapping[str, int]
    """The seed of each study's best run; of a study without a run that ended well, none."""
    splits: frozenset[str]
    """What was measured on: training, validation and test examples, as their metrics' names begin."""
    note: str
    """The launch's description in Markdown; links are added."""


@dataclass(frozen=True)
class ModelWanted:
    """A study's best run, which is to be kept as a model."""

    study: str
    """As in the tag ``regnet.study``."""
    seed: int
    label: str
    judged_by: str
    """The metric by which it is the best."""
    needs: tuple[Provenance, ...]
    """The distributions that its network is made of."""
    register: str | None
    """The name of the registered model that it shall be the newest version of, if any."""


@dataclass(frozen=True)
class ModelsWanted:
    """What is to be kept as models of a launch that has been summed up."""

    launch: str
    models: tuple[ModelWanted, ...]


@dataclass(frozen=True)
class Closed:
    """Nothing more will come: an answer is awaited when everything is written."""


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
    """The writing process's word: everything that came over a channel is written, or why it cannot be."""

    channel: int
    problem: str | None = None


def params_of(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration as MLflow's parameters, such as ``optimizer.lr``: texts without passwords."""
    return {name: without_password(well_formed(str(value))) for name, value in flatten(config).items()}
