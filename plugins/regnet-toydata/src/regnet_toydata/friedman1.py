"""Friedman's first problem: regression with noise of a known size and irrelevant features."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

import regnet


@dataclass(frozen=True)
class Friedman1(regnet.Dataset):
    """``y = 10 sin(π x₁ x₂) + 20 (x₃ - ½)² + 10 x₄ + 5 x₅ + N(0, noise²)``, with inputs uniform in ``[0, 1)``.

    Features after the fifth have no influence. The smallest possible root mean square error is `noise`.
    Source: Friedman, "Multivariate adaptive regression splines", Annals of Statistics 1991.

    Args:
        features: the number of features, five of which matter.
        noise: the standard deviation of the noise on the value.
        train_size: the number of training examples.
        test_size: the number of test examples.
    """

    variation = "draws"
    features: Annotated[int, Ge(5)] = 10
    noise: Annotated[float, Ge(0)] = 1.0
    train_size: Annotated[int, Ge(2)] = 1000
    test_size: Annotated[int, Ge(1)] = 1000

    def load(self, generator: torch.Generator) -> regnet.Splits:
        return regnet.Splits(self._draw(self.train_size, generator), self._draw(self.test_size, generator), classes=None)

    def _draw(self, size: int, generator: torch.Generator) -> regnet.Split:
        x = torch.rand(size, self.features, generator=generator)
        y = _value(x) + self.noise * torch.randn(size, generator=generator)
        return regnet.Split(x, y.unsqueeze(-1))


def _value(x: Tensor) -> Tensor:
    """The value ``(N,)`` without noise."""
    x1, x2, x3, x4, x5 = x[:, :5].unbind(-1)
    return 10 * (math.pi * x1 * x2).sin() + 20 * (x3 - 0.5).square() + 10 * x4 + 5 * x5
