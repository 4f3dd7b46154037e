"""The continuously differentiable exponential linear unit: ELU without a kink, for every α."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Gt
from torch import Tensor

from regnet import PER_REPLICA, Context, Layer, Params


@dataclass(frozen=True)
class CELU(Layer):
    """``y = x`` where ``x > 0``, and ``y = α (e^(x/α) - 1)`` elsewhere.

    Its derivative is 1 where ``x > 0`` and ``e^(x/α)`` elsewhere: 1 from both sides at 0. PyTorch computes it with α in single
    precision, whatever the type of the input, so its gradients are accurate to 7 digits for an α such as 0.4.
    Source: Barron, "Continuously differentiable exponential linear units", 2017.

    Args:
        alpha: α, above 0: the output falls to ``-α``.
    """

    alpha: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        scaled = x.clamp(max=0) / self.alpha  # where x > 0 the exponential is not used, and must not overflow
        return torch.where(x > 0, x, self.alpha * scaled.expm1()), scaled

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        scaled = cache
        return dy * scaled.exp(), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.CELU(self.alpha)  # type: ignore[no-any-return]
