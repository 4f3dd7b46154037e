"""RMS normalization: divide the features of each example by their root mean square, then a learned scale."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Gt
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class RMSNorm(Layer):
    """``y = w x̂`` with ``x̂ = x / σ`` and ``σ² = mean(x²) + eps``, the mean over the features.

    It is layer normalization without the mean and without a shift. Since σ depends on `x`, with ``g = dy w``::

        dw = Σ_B dy x̂                          (*R, F)
        dx = (g - x̂ mean(g x̂)) / σ             (*R, B, F)

    Where a number exceeds 1, the features are first divided by the largest, `s`: ``x̂ = u / √(mean(u²) + eps / s²)`` with
    ``u = x / s``, so that no square overflows.
    Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.

    Args:
        eps: added to the mean square, above 0.
    """

    eps: Annotated[float, Gt(0)] = 1e-6

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"weight": torch.ones(in_features)}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        largest = x.detach().abs().amax(-1, keepdim=True).clamp(min=1)  # a constant for autograd, since x̂ does not depend on it
        scaled = x / largest
        inverse = torch.rsqrt(scaled.square().mean(-1, keepdim=True) + self.eps / largest / largest)
        normal = scaled * inverse
        return normal * params["weight"].unsqueeze(-2), (normal, inverse / largest)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        normal, inverse = cache
        g = dy * params["weight"].unsqueeze(-2)
        return (g - normal * (g * normal).mean(-1, keepdim=True)) * inverse, {"weight": (dy * normal).sum(-2)}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.RMSNorm(in_features, eps=self.eps)  # type: ignore[no-any-return]
