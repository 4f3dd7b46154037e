"""The exponential linear unit: a rectifier whose negative part levels off, so that the mean of its output is near zero."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Gt
from torch import Tensor

from regnet import PER_REPLICA, Context, Layer, Params


@dataclass(frozen=True)
class ELU(Layer):
    """``y = x`` where ``x > 0``, and ``y = α (eˣ - 1)`` elsewhere.

    Its derivative is 1 where ``x > 0`` and ``α eˣ`` elsewhere.
    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units (ELUs)",
    ICLR 2016.

    Args:
        alpha: α, above 0: the output falls to ``-α``.
    """

    alpha: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        negative = x.clamp(max=0)  # where x > 0 the exponential is not used, and must not overflow
        return torch.where(x > 0, x, self.alpha * negative.expm1()), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x = cache
        return torch.where(x > 0, dy, dy * self.alpha * x.exp()), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.ELU(self.alpha)  # type: ignore[no-any-return]
