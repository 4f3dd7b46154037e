"""What keeps the results and checkpoints of a training."""

from __future__ import annotations

from typing import Protocol

from regnet.study.result import StudyResult
from regnet.training.checkpoint import CheckpointRule


class Keeper(Protocol):
    """Keeps results as they become known, and has those of an earlier process that was to train the same studies."""

    deadline: float | None
    """When to stop, in seconds since 1970; None for never."""

    def finished(self, job: int) -> StudyResult | None:
        """The result of the study's seeds that need not be trained again, with their networks; None if there are none."""

    def keep(self, job: int, result: StudyResult) -> None:
        """Save the result of some seeds of a study, before it is reported."""

    def checkpoints(self, job: int) -> CheckpointRule | None:
        """Where and when to write the checkpoints of the programs whose first study is this; None for no checkpoints."""


class NoKeeper:
    """A keeper that neither keeps nor has anything."""

    deadline: float | None = None

    def finished(self, job: int) -> StudyResult | None:
        return None

    def keep(self, job: int, result: StudyResult) -> None:
        pass

    def checkpoints(self, job: int) -> CheckpointRule | None:
        return None
