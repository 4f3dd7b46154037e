"""A checkerboard: classes without noise, whose boundary has corners; with two cells a side it is XOR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

import regnet


@dataclass(frozen=True)
class Checkerboard(regnet.Dataset):
    """Points uniform in ``[0, 1)²``, of class ``(⌊cells · x₁⌋ + ⌊cells · x₂⌋) mod 2``.

    Two cells a side make XOR: class 1 where exactly one of the two features is at least ½. With an even number of cells both
    classes are equally likely; with an odd one, class 0 has the corners and ``(cells² + 1) / (2 cells²)`` of the points.

    Args:
        cells: the number of cells along each side.
        train_size: the number of training points.
        test_size: the number of test points.
    """

    variation = "draws"
    cells: Annotated[int, Ge(2)] = 2
    train_size: Annotated[int, Ge(2)] = 1000
    test_size: Annotated[int, Ge(1)] = 1000

    def load(self, generator: torch.Generator) -> regnet.Splits:
        return regnet.Splits(self._draw(self.train_size, generator), self._draw(self.test_size, generator), classes=2)

    def label(self, x: Tensor) -> Tensor:
        return (x * self.cells).floor().sum(-1).long() % 2

    def _draw(self, size: int, generator: torch.Generator) -> regnet.Split:
        x = torch.rand(size, 2, generator=generator)
        return regnet.Split(x, self.label(x))
