"""A data set: examples to learn from and examples to be judged by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Task: TypeAlias = Literal["classification", "regression"]
"""What is to be predicted: a class, or values."""


@dataclass(frozen=True)
class Split:
    """Examples in their own units: neither normalized nor coded, which is left to options of the run."""

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
    """The number of classes, or None where the targets are values to be predicted (regression)."""


class Dataset(ABC):
    """A source of examples, generated or loaded."""

    redraw: bool
    """Whether another seed gives other examples. With False, every seed of a study is given the same ones."""

    @abstractmethod
    def load(self, generator: torch.Generator) -> Splits:
        """The examples, the same ones for the same state of `generator`: draw from it alone."""

    def label(self, x: Tensor) -> Tensor | None:
        """The true class ``(N,)`` of any input ``(N, F)``, for figures to draw the boundary; None where it is not known."""
        return None
