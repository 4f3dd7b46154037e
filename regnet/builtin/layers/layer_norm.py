"""Layer normalization: give the features of each example mean 0 and variance 1, then a learned scale and shift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Gt
from torch import Tensor

from regnet.contracts import Context, Layer, Params


@dataclass(frozen=True)
class LayerNorm(Layer):
    """``y = w x̂ + b`` with ``x̂ = (x - μ) / σ`` and ``σ² = var(x) + eps``, mean and variance over the features.

    Both μ and σ depend on `x`, so with ``g = dy w`` and means over the features::

        dw = Σ_B dy x̂,   db = Σ_B dy,   dx = (g - mean(g) - x̂ mean(g x̂)) / σ

    The deviation is not computed from the variance, which overflows in single precision where it exceeds 10¹⁹.
    Source: Ba, Kiros and Hinton, "Layer normalization", 2016.

    Args:
        eps: added to the variance, above 0.
    """

    eps: Annotated[float, Gt(0)] = 1e-5

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"weight": torch.ones(in_features), "bias": torch.zeros(in_features)}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        deviation, mean = torch.std_mean(x, -1, correction=0, keepdim=True)
        inverse = torch.hypot(deviation, deviation.new_full((), math.sqrt(self.eps))).reciprocal()
        normal = (x - mean) * inverse
        return normal * params["weight"].unsqueeze(-2) + params["bias"].unsqueeze(-2), (normal, inverse)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        normal, inverse = cache
        g = dy * params["weight"].unsqueeze(-2)
        dx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) * inverse
        return dx, {"weight": (dy * normal).sum(-2), "bias": dy.sum(-2)}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.LayerNorm(in_features, eps=self.eps)  # type: ignore[no-any-return]
