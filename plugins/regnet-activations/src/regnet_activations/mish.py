"""Mish: each feature multiplied by the tanh of its softplus, smooth everywhere and slightly negative below zero."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class Mish(Layer):
    """``y = x t`` with ``t = tanh(s)`` and the softplus ``s = log(1 + eˣ)``.

    With ``ds/dx = σ(x)`` and ``dt/ds = 1 - t²``, the product rule gives ``dy/dx = t + x (1 - t²) σ(x)``.
    Source: Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        t = torch.logaddexp(x, x.new_zeros(())).tanh()
        return x * t, (x, t)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x, t = cache
        return dy * (t + x * (1 - t**2) * x.sigmoid()), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Mish()  # type: ignore[no-any-return]
