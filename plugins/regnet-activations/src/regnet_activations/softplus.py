"""Softplus: a smooth approximation of the rectifier."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Gt
from torch import Tensor

from regnet import PER_REPLICA, Context, Layer, Params

THRESHOLD = 40
"""The value of ``βx`` from which PyTorch's counterpart replaces ``log(1 + e^(βx))`` by ``βx``; its default, 20, is too small for
double precision."""


@dataclass(frozen=True)
class Softplus(Layer):
    """``y = log(1 + e^(βx)) / β``, which tends to ``max(x, 0)`` as β grows.

    Its derivative is the logistic function, ``dy/dx = 1 / (1 + e^(-βx))``.
    Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for better option
    pricing", NIPS 2000.

    Args:
        beta: the sharpness β, above 0.
    """

    beta: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        scaled = self.beta * x
        return torch.logaddexp(scaled, x.new_zeros(())) / self.beta, scaled

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        scaled = cache
        return dy * scaled.sigmoid(), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Softplus(self.beta, threshold=THRESHOLD)  # type: ignore[no-any-return]
