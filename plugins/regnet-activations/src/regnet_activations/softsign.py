"""Softsign: between -1 and 1 like tanh, but with slower saturation."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class Softsign(Layer):
    """``y = x / (1 + |x|)``.

    With ``u = 1 / (1 + |x|)``, ``dy/dx = u - |x| u² = u²``.
    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, after
    Bergstra, Desjardins, Lamblin and Bengio, "Quadratic polynomials learn better image features", 2009.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        u = 1 / (1 + x.abs())
        return x * u, u

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        u = cache
        return dy * u**2, {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Softsign()  # type: ignore[no-any-return]
