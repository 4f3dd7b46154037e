"""The paper's data set: points in a square, classified by whether they lie in a disc of half its area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from regnet.contracts import Dataset, Split, Splits


@dataclass(frozen=True)
class Disc(Dataset):
    """Points uniform in ``[0, 1]²``, of class 1 inside the circle around ``(½, ½)`` with radius ``1/√(2π)``, else 0.

    The disc's area is ½, so both classes are equally likely. Source: the paper's section IV.A.

    Args:
        train_size: the number of training points.
        test_size: the number of test points.
    """

    variation = "draws"
    recommended = MappingProxyType(
        {
            "loss": "mse",
            "optimizer": "sgd",
            "model.hidden": [25, 25, 25],
            "model.output": "tanh",
            "model.initializer": "he_fan_out",
            "epochs": 200,
            "shuffle": False,
            "normalization": "scalar",
            "batch_size": 10,
        }
    )  # the paper's settings

    train_size: Annotated[int, Ge(2)] = 1000
    test_size: Annotated[int, Ge(1)] = 1000

    def load(self, generator: torch.Generator) -> Splits:
        return Splits(self._draw(self.train_size, generator), self._draw(self.test_size, generator), classes=2)

    def label(self, x: Tensor) -> Tensor:
        return ((x - 0.5).square().sum(-1) <= 1 / (2 * math.pi)).long()

    def _draw(self, size: int, generator: torch.Generator) -> Split:
        x = torch.rand(size, 2, generator=generator)
        return Split(x, self.label(x))
