"""Squareplus: an alternative to softplus without an exponential or a logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch
from annotated_types import Gt
from torch import Tensor

from regnet import PER_REPLICA, Context, Layer, Params


@dataclass(frozen=True)
class Squareplus(Layer):
    """``y = ½ (x + r)`` with ``r = √(x² + b)``, which tends to ``max(x, 0)`` as `b` goes to 0.

    Since ``dr/dx = x / r``, ``dy/dx = ½ (1 + x / r) = y / r``. Where `x` is negative, ``y = ½ b / (r - x)``, which does not cancel.
    PyTorch has no counterpart.
    Source: Barron, "Squareplus: a softplus-like algebraic rectifier", 2021, equation (3).

    Args:
        b: the roundness at 0, above 0: ``y = ½ √b`` at 0. With 4 the curvature there is that of softplus, with 1.9218 the value.
    """

    b: Annotated[float, Gt(0), PER_REPLICA] = 4.0

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        root = torch.hypot(x, _root(self.b, x))
        y = torch.where(x > 0, 0.5 * x + 0.5 * root, 0.5 * self.b / (root - x.clamp(max=0)))
        return y, (y, root)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        y, root = cache
        return dy * (y / root), {}


def _root(b: float | Tensor, x: Tensor) -> Tensor:
    return (b if isinstance(b, Tensor) else x.new_full((), b)).sqrt()
