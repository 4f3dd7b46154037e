"""What is new of a run since it was last written: the unit in which stores are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from mlflow.entities import DatasetInput

Inputs: TypeAlias = list[DatasetInput]
"""What a run is trained on, as MLflow describes data sets."""


class Point(NamedTuple):
    """A metric's value at a step. Of two points with one name the greater one is the later, as MLflow has it."""

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


@dataclass(frozen=True)
class Ending:
    """How a run ended: FINISHED, FAILED or KILLED."""

    status: str
    milliseconds: int


@dataclass
class Changes:
    """What is new of one run: all that may have happened to it, in the order in which a store has to be told."""

    run: int
    begun: Beginning | None = None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    report: Path | None = None
    """A folder to be kept as the artifact folder of that name."""
    ended: Ending | None = None


class Backend(Protocol):
    """A way of writing into a store."""

    def write(self, changes: list[Changes]) -> None:
        """Writes what is new of several runs, each of which is named once."""

    def adopt(self, run: int, run_id: str) -> None:
        """Takes a run that is in the store already, so that changes can be made to it."""
