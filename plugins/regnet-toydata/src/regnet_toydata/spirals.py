"""Spirals: interleaved arms, one for each class; the more turns, the harder to learn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

import regnet
from regnet_toydata.curves import along, most_likely


@dataclass(frozen=True)
class Spirals(regnet.Dataset):
    """Points near the arms of a spiral around the origin, each arm a class.

    With every class k equally likely and r uniform in [0, 1], the point is ``r (cos θ, sin θ)`` with
    ``θ = 2π (turns · r + k / arms)``, plus ``N(0, noise² I)``. All arms meet in the origin, so no network is without error.

    Args:
        arms: the number of arms, and of classes.
        turns: how often each arm goes around the origin.
        noise: the standard deviation of the noise on each feature.
        train_size: the number of training points.
        test_size: the number of test points.
    """

    variation = "draws"
    arms: Annotated[int, Ge(2)] = 3
    turns: Annotated[float, Gt(0)] = 0.75
    noise: Annotated[float, Ge(0)] = 0.03
    train_size: Annotated[int, Ge(2)] = 1000
    test_size: Annotated[int, Ge(1)] = 1000

    def load(self, generator: torch.Generator) -> regnet.Splits:
        return regnet.Splits(self._draw(self.train_size, generator), self._draw(self.test_size, generator), classes=self.arms)

    def label(self, x: Tensor) -> Tensor:
        """The most likely class of each input."""
        return most_likely(x, self._arm(along(), torch.arange(self.arms).unsqueeze(-1)), self.noise)

    def _draw(self, size: int, generator: torch.Generator) -> regnet.Split:
        y = torch.randint(self.arms, (size,), generator=generator)
        x = self._arm(torch.rand(size, generator=generator), y)
        return regnet.Split(x + self.noise * torch.randn(size, 2, generator=generator), y)

    def _arm(self, r: Tensor, k: Tensor) -> Tensor:
        """The point ``(..., 2)`` at each radius of each arm."""
        angle = 2 * math.pi * (self.turns * r + k / self.arms)
        return r.unsqueeze(-1) * torch.stack([angle.cos(), angle.sin()], -1)
