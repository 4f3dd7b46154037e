"""A data set: examples for training and for testing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, TypeAlias

import torch
from torch import Tensor

Task: TypeAlias = Literal["classification", "regression"]
"""What is to be predicted: a class, or values."""

ColumnKind: TypeAlias = Literal["numbers", "truth values", "dates", "words"]
"""How the values of a table's column are read."""

Variation: TypeAlias = Literal["draws", "splits", "fixed"]
"""How the examples of one seed differ from those of another: they are new *draws* of a population; other *splits* of one pool into
examples for training and for testing, so that two seeds share many of them; or *fixed*, the same for every seed."""

Label: TypeAlias = str | int | float | bool
"""The name of a class, as the table has it."""


RECOMMENDABLE: Final = (
    "loss",
    "optimizer",
    "model.hidden",
    "model.output",
    "model.initializer",
    "epochs",
    "shuffle",
    "normalization",
    "batch_size",
)
"""The settings that are `auto` by default, and that a data set may therefore recommend, by dotted name."""


@dataclass(frozen=True)
class Split:
    """Examples in their original units: neither normalized nor coded, which options of the run control."""

    x: Tensor
    """Inputs ``(N, F)``, floating point."""

    y: Tensor
    """Class numbers ``(N,)``, int64, counted from 0; or, for regression, values ``(N, K)``, floating point."""


@dataclass(frozen=True)
class Column:
    """A named column of a table: how its values, numbers or text, become features."""

    name: str
    kind: ColumnKind = "numbers"
    words: tuple[str, ...] = ()
    """Of words: those with a feature of their own, 1 where the row has the word and else 0. Of truth values: those for 0 and 1."""
    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""
    """Of numbers in text: the marks, and the unit or sign before and after each."""
    date_form: str = ""
    """Of dates in text: their form, as `strptime` has it. A date is the number of days since 1970-01-01."""
    missing: tuple[str, ...] | None = None
    """The words that mean a missing value besides the usual ones; not None: only these."""
    fill: tuple[float, ...] = ()
    """What missing values are replaced by, one number for each feature: the means of the training examples."""

    @property
    def width(self) -> int:
        """The number of features."""
        return len(self.words) if self.kind == "words" else 1


@dataclass(frozen=True)
class Schema:
    """What the numbers of examples mean, so that a trained network takes tables and answers in their terms."""

    columns: tuple[Column, ...]
    """The columns of the inputs, in the order of the features."""
    target: str
    """The name of what is predicted."""
    labels: tuple[Label, ...] = ()
    """The names of the classes, by class number; empty if values are predicted."""


@dataclass(frozen=True)
class Splits:
    """Disjoint examples for training and for testing."""

    train: Split
    test: Split
    classes: int | None = None
    """The number of classes, or None if the targets are values (regression)."""
    schema: Schema | None = None
    """What the features and the target mean; None if they are no columns of a table."""


class Dataset(ABC):
    """A source of examples, generated or loaded."""

    variation: Variation
    """How the examples of one seed differ from those of another, which comparisons over seeds depend on."""

    recommended: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """What `auto` becomes for this data set, by dotted name, such as ``{"loss": "mse", "model.hidden": [50]}``; by default, what
    suits most data of the same task and size."""

    @abstractmethod
    def load(self, generator: torch.Generator) -> Splits:
        """The examples, which depend only on the state of `generator`: draw from it alone."""

    def files(self) -> Sequence[Path]:
        """The files that a user gave, which the examples are read from; a study whose files have other content is another study."""
        return ()

    def describe(self) -> Sequence[str]:
        """Lines for users about what the examples are made from: a file's columns, how each is read, and which are not used."""
        return ()

    def label(self, x: Tensor) -> Tensor | None:
        """The true class ``(N,)`` of any input ``(N, F)``, for figures to draw the boundary; None if it is unknown."""
        return None
