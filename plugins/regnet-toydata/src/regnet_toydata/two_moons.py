"""Two moons: two classes that a smooth curve separates, but no straight line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

import regnet
from regnet_toydata.curves import along, most_likely


@dataclass(frozen=True)
class TwoMoons(regnet.Dataset):
    """Points near two interleaved half circles of radius 1, the upper one of class 0 and the lower one of class 1.

    With the class 0 or 1 equally likely and t uniform in [0, π], class 0 is ``(cos t, sin t)`` and class 1 is
    ``(1 - cos t, ½ - sin t)``, each plus ``N(0, noise² I)``. The same curves as scikit-learn's `make_moons`.

    Args:
        noise: the standard deviation of the noise on each feature.
        train_size: the number of training points.
        test_size: the number of test points.
    """

    variation = "draws"
    noise: Annotated[float, Ge(0)] = 0.15
    train_size: Annotated[int, Ge(2)] = 1000
    test_size: Annotated[int, Ge(1)] = 1000

    def load(self, generator: torch.Generator) -> regnet.Splits:
        return regnet.Splits(self._draw(self.train_size, generator), self._draw(self.test_size, generator), classes=2)

    def label(self, x: Tensor) -> Tensor:
        """The more likely class of each input."""
        return most_likely(x, torch.stack(_moons(along(math.pi))), self.noise)

    def _draw(self, size: int, generator: torch.Generator) -> regnet.Split:
        y = torch.randint(2, (size,), generator=generator)
        upper, lower = _moons(math.pi * torch.rand(size, generator=generator))
        x = torch.where(y.unsqueeze(-1) == 0, upper, lower)
        return regnet.Split(x + self.noise * torch.randn(size, 2, generator=generator), y)


def _moons(t: Tensor) -> tuple[Tensor, Tensor]:
    """The point ``(N, 2)`` of each moon at the angles ``(N,)``."""
    return torch.stack([t.cos(), t.sin()], -1), torch.stack([1 - t.cos(), 0.5 - t.sin()], -1)
