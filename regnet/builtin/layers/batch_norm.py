"""Batch normalization: give each feature mean 0 and variance 1 over the batch, and keep running statistics for prediction."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Gt, Interval
from torch import Tensor

from regnet.contracts import Buffer, Context, Layer, Params


@dataclass(frozen=True)
class BatchNorm(Layer):
    """``y = w x̂ + b`` with ``x̂ = (x - μ) / σ`` and ``σ² = var(x) + eps``.

    While training, mean and variance are those of the batch, and with ``g = dy w`` and means over the batch::

        dw = Σ_B dy x̂,   db = Σ_B dy,   dx = (g - mean(g) - x̂ mean(g x̂)) / σ

    Otherwise they are the running statistics, one set for each replica, which do not depend on `x`: ``dx = g / σ``.
    Each training pass moves the running statistics by `momentum` towards the batch's mean and unbiased variance, which needs two
    examples: a single one is not changed by training on it, since ``x̂ = 0``.
    Source: Ioffe and Szegedy, "Batch normalization", ICML 2015.

    Args:
        eps: added to the variance, above 0.
        momentum: the share of the batch in the running statistics, from 0 to 1.
    """

    smallest_batch: ClassVar[int] = 2

    eps: Annotated[float, Gt(0)] = 1e-5
    momentum: Annotated[float, Interval(ge=0, le=1)] = 0.1

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        params: Params = {
            "weight": torch.ones(in_features),
            "bias": torch.zeros(in_features),
            "running_mean": Buffer(torch.zeros(in_features)),
            "running_var": Buffer(torch.ones(in_features)),
        }
        return params, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        if context.training:
            variance, mean = torch.var_mean(x, -2, correction=0)
            self._update_statistics(params, mean.detach(), variance.detach(), x.shape[-2])
        else:
            mean, variance = params["running_mean"], params["running_var"]
        inverse = torch.rsqrt(variance + self.eps).unsqueeze(-2)
        normal = (x - mean.unsqueeze(-2)) * inverse
        y = normal * params["weight"].unsqueeze(-2) + params["bias"].unsqueeze(-2)
        return y, (normal, inverse, context.training)

    def _update_statistics(self, params: Params, mean: Tensor, variance: Tensor, batch: int) -> None:
        params["running_mean"].lerp_(mean, self.momentum)
        params["running_var"].lerp_(variance * (batch / (batch - 1)), self.momentum)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        normal, inverse, training = cache
        g = dy * params["weight"].unsqueeze(-2)
        if training:
            g = g - g.mean(-2, keepdim=True) - normal * (g * normal).mean(-2, keepdim=True)
        return g * inverse, {"weight": (dy * normal).sum(-2), "bias": dy.sum(-2)}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.BatchNorm1d(in_features, eps=self.eps, momentum=self.momentum)  # type: ignore[no-any-return]
