"""A data set: examples for training and for testing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Task: TypeAlias = Literal["classification", "regression"]
"""What is to be predicted: a class, or values."""


@dataclass(frozen=True)
class Split:
    """Examples in their original units: neither normalized nor coded, which options of the run control."""

    x: Tensor
    """Inputs ``(N, F)``, floating point."""

    y: Tensor
    """Class numbers ``(N,)``, int64, counted from 0; or, for regression, values ``(N, K)``, floating point."""


@dataclass(frozen=True)
class Splits:
    """Disjoint examples for training and for testing."""

    train: Split
    test: Split
    classes: int | None = None
    """The number of classes, or None if the targets are values (regression)."""


class Dataset(ABC):
    """A source of examples, generated or loaded."""

    redraw: bool
    """Whether the examples are regenerated for every seed. If False, all seeds of a study share the same examples."""

    @abstractmethod
    def load(self, generator: torch.Generator) -> Splits:
        """The examples, which depend only on the state of `generator`: draw from it alone."""

    def files(self) -> Sequence[Path]:
        """The files that a user gave, which the examples are read from; a study whose files have other content is another study."""
        return ()

    def label(self, x: Tensor) -> Tensor | None:
        """The true class ``(N,)`` of any input ``(N, F)``, for figures to draw the boundary; None if it is unknown."""
        return None
