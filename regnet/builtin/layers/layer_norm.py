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

    Where the variance overflows, the features are divided by the largest of them first.
    Source: Ba, Kiros and Hinton, "Layer normalization", 2016.

    Args:
        eps: added to the variance, above 0.
    """

    eps: Annotated[float, Gt(0)] = 1e-5

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"weight": torch.ones(in_features), "bias": torch.zeros(in_features)}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        inverse = torch.rsqrt(variance + self.eps)
        normal = (x - mean) * inverse
        if not math.isfinite(variance.sum().item()):
            normal, inverse = self._normalize_large(x, variance)
        return normal * params["weight"].unsqueeze(-2) + params["bias"].unsqueeze(-2), (normal, inverse)

    def _normalize_large(self, x: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """``x̂`` and ``1 / σ`` of all examples, the same as before for those whose variance is finite."""
        unit = torch.where(variance.isfinite(), 1, x.abs().amax(-1, keepdim=True)).detach()  # for autograd a constant
        scaled = x / unit
        variance, mean = torch.var_mean(scaled, -1, correction=0, keepdim=True)
        inverse = torch.rsqrt(variance + self.eps / unit / unit)
        return (scaled - mean) * inverse, inverse / unit

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        normal, inverse = cache
        g = dy * params["weight"].unsqueeze(-2)
        dx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) * inverse
        return dx, {"weight": (dy * normal).sum(-2), "bias": dy.sum(-2)}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.LayerNorm(in_features, eps=self.eps)  # type: ignore[no-any-return]
