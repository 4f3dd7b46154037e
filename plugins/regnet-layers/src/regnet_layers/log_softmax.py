"""The log-softmax: the logarithms of the softmax's probabilities, also of those that are too small for a float."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class LogSoftmax(Layer):
    """``y_k = x_k - log Σ_j exp(x_j)`` over the features.

    The sum is ``m + log Σ_j exp(x_j - m)`` with `m` the largest feature, so that no exponential overflows. With
    ``∂y_k/∂x_j = δ_kj - exp(y_j)``, the chain rule gives ``dx = dy - exp(y) Σ_k dy_k``.
    Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990, for the softmax.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        y = x.log_softmax(-1)
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        y = cache
        return dy - y.exp() * dy.sum(-1, keepdim=True), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.LogSoftmax(dim=-1)  # type: ignore[no-any-return]
