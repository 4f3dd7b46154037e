"""A mixture of Gaussians: classes that overlap by a known amount, so that the smallest possible error is known too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

import regnet


@dataclass(frozen=True)
class GaussianMixture(regnet.Dataset):
    """Each class k, all equally likely, is ``N(c_k, noise² I)`` around its centre ``c_k``.

    The centres are the corners of a regular polygon with sides of length `separation`, around the origin of the first two
    features and with one corner on the first axis; the other features are pure noise. The class of the nearest centre is the
    most likely one. For two classes, the smallest possible error rate is ``Φ(-separation / (2 noise))``: 6.7 % for a separation
    of three times `noise`.

    Args:
        classes: the number of classes.
        features: the number of features.
        separation: the distance from each centre to the next.
        noise: the standard deviation of each feature within a class.
        train_size: the number of training points.
        test_size: the number of test points.
    """

    variation = "draws"
    classes: Annotated[int, Ge(2)] = 3
    features: Annotated[int, Ge(2)] = 2
    separation: Annotated[float, Gt(0)] = 3.0
    noise: Annotated[float, Gt(0)] = 1.0
    train_size: Annotated[int, Ge(2)] = 1000
    test_size: Annotated[int, Ge(1)] = 1000

    def load(self, generator: torch.Generator) -> regnet.Splits:
        return regnet.Splits(self._draw(self.train_size, generator), self._draw(self.test_size, generator), classes=self.classes)

    def label(self, x: Tensor) -> Tensor:
        """The most likely class of each input."""
        return torch.cdist(x, self._centres().to(x)).argmin(-1)

    def _draw(self, size: int, generator: torch.Generator) -> regnet.Split:
        y = torch.randint(self.classes, (size,), generator=generator)
        noise = self.noise * torch.randn(size, self.features, generator=generator)
        return regnet.Split(self._centres()[y] + noise, y)

    def _centres(self) -> Tensor:
        """The mean ``(classes, features)`` of each class: a chord of length `separation` for each step around the circle."""
        radius = self.separation / (2 * math.sin(math.pi / self.classes))
        angle = 2 * math.pi * torch.arange(self.classes) / self.classes
        centres = torch.zeros(self.classes, self.features)
        centres[:, 0], centres[:, 1] = radius * angle.cos(), radius * angle.sin()
        return centres
