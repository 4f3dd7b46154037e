"""The changes of a run since it was last written: the unit in which stores are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from mlflow.entities import DatasetInput

Inputs: TypeAlias = list[DatasetInput]
"""MLflow's descriptions of the data sets of a run."""


class Point(NamedTuple):
    """A metric's value at a step; points of one metric sort in MLflow's order, from first to last."""

    name: str
    step: int
    milliseconds: int
    value: float


@dataclass(frozen=True)
class Beginning:
    """A run that is not in the store yet."""

    name: str
    milliseconds: int
    inputs: Inputs = field(default_factory=list)
    known: bool = False
    """Whether it is in the store already, begun by an earlier process."""


@dataclass(frozen=True)
class Ending:
    """The end of a run, with its status: FINISHED, FAILED or KILLED."""

    status: str
    milliseconds: int


@dataclass
class Changes:
    """The changes of one run, in the order in which a store must be written."""

    run: int
    begun: Beginning | None = None
    """The start of the run, if it has started since."""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    removed_tags: set[str] = field(default_factory=set)
    points: list[Point] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    report: Path | None = None
    """A folder to be copied into the run's artifacts under its own name."""
    ended: Ending | None = None


class Backend(Protocol):
    """A way of writing runs into an experiment of a store."""

    def write(self, changes: list[Changes]) -> None:
        """Write the changes of several distinct runs."""

    def adopt(self, run: int, run_id: str) -> None:
        """Associate a run's number with a run that is already in the store, so that changes to it can be written."""

    def delete(self, run_ids: Sequence[str]) -> None:
        """Delete runs, as a user of MLflow does: they can be restored."""
