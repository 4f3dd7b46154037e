"""The events of a study, passed to its listeners: progress bars, trackers, plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from regnet.data.prepare import Data
    from regnet.study.result import StudyResult
    from regnet.study.study import Study

__all__ = ["EpochEnded", "Event", "ListenerFailed", "RunEnded", "RunFailed", "RunStarted", "StudyEnded", "StudyStarted"]


@dataclass(frozen=True)
class StudyStarted:
    """A study is about to train its first seed."""

    study: Study


@dataclass(frozen=True)
class RunStarted:
    """One seed is about to be trained: alone, or in lockstep with others, each of which has its own event."""

    study: Study
    seed: int
    data: Data
    """The seed's examples, without a replica axis."""


@dataclass(frozen=True)
class EpochEnded:
    """An epoch of one or many seeds is over."""

    study: Study
    seeds: tuple[int, ...]
    """The seeds trained together."""
    epoch: int
    """Counted from 1."""
    metrics: Mapping[str, np.ndarray]
    """For each metric, one value for each seed, ``(R,)``; NaN for a seed that has diverged or was stopped."""


@dataclass(frozen=True)
class RunEnded:
    """One seed has been trained to the end."""

    study: Study
    result: StudyResult
    """The result of this seed alone."""


@dataclass(frozen=True)
class RunFailed:
    """One seed will not be trained to the end."""

    study: Study
    seed: int
    reason: str
    """In one line, for users."""
    interrupted: bool
    """Whether a user stopped it, for example with Ctrl-C."""


@dataclass(frozen=True)
class StudyEnded:
    """Every seed of a study has been trained, or has failed."""

    study: Study
    result: StudyResult


@dataclass(frozen=True)
class ListenerFailed:
    """A listener raised an exception, and gets no more events of this study."""

    listener: str
    """The distribution and version, or the plugin's name."""
    hook: str
    reason: str
    """In one line, for users."""


Event: TypeAlias = StudyStarted | RunStarted | EpochEnded | RunEnded | RunFailed | StudyEnded | ListenerFailed
"""Any of these."""
