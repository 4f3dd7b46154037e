"""The softmax: map the features of an example to probabilities that sum to 1."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params


@dataclass(frozen=True)
class Softmax(Layer):
    """``y_k = exp(x_k) / Σ_j exp(x_j)`` over the features.

    With ``∂y_k/∂x_j = y_k (δ_kj - y_j)``, the chain rule gives ``dx = y (dy - Σ_k dy_k y_k)``.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        y = x.softmax(-1)
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        y = cache
        return y * (dy - (dy * y).sum(-1, keepdim=True)), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Softmax(dim=-1)  # type: ignore[no-any-return]
