"""The hyperbolic tangent, the last layer in the paper, whose targets are ±1."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params


@dataclass(frozen=True)
class Tanh(Layer):
    """``y = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)``, between -1 and 1: the paper's equation (5).

    Its derivative is ``1 - y²``, the paper's (11), so ``dx = dy (1 - y²)``.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        y = x.tanh()
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        y = cache
        return dy.addcmul(dy * y, y, value=-1), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Tanh()  # type: ignore[no-any-return]
