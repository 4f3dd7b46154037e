"""The Gaussian error linear unit: weight each feature by the probability that a normal variable is smaller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params

SLOPE = math.sqrt(2 / math.pi)
CUBIC = 0.044715


@dataclass(frozen=True)
class GELU(Layer):
    """``y = x Φ(x)`` with Φ the standard normal distribution function and φ its density.

    Exactly, ``dy/dx = Φ(x) + x φ(x)``. The approximation uses ``Φ(x) ≈ ½ (1 + tanh u)`` with ``u = √(2/π) (x + 0.044715 x³)``.
    That is ``s(2u)`` with the logistic function `s`, so that ``dy/dx = s(2u) + 2 x s(2u) s(-2u) u'`` with
    ``u' = √(2/π) (1 + 3 · 0.044715 x²)``, where ``s(-2u)`` loses no digit to a difference.
    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.

    Args:
        approximate: "none" for the exact Φ, "tanh" for the approximation.
    """

    approximate: Literal["none", "tanh"] = "none"

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        if self.approximate == "tanh":
            doubled = 2 * SLOPE * (x + CUBIC * x**3)
            cdf = doubled.sigmoid()
            return x * cdf, (x, cdf, doubled)
        cdf = 0.5 * torch.erfc(x / -math.sqrt(2))  # 1 + erf would cancel where x is far below 0
        return x * cdf, (x, cdf)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        if self.approximate == "tanh":
            x, cdf, doubled = cache
            x = x.clamp(-100, 100)  # farther out the second term is 0, and x³ could overflow
            slope = 2 * SLOPE * (1 + 3 * CUBIC * x**2)
            return dy * cdf * (1 + x * doubled.neg().sigmoid() * slope), {}
        x, cdf = cache
        pdf = torch.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
        return dy * (cdf + x * pdf), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.GELU(approximate=self.approximate)  # type: ignore[no-any-return]
