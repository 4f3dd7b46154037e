"""The logistic function: map each feature to a number between 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params


@dataclass(frozen=True)
class Sigmoid(Layer):
    """``y = 1 / (1 + e⁻ˣ)``, between 0 and 1.

    Its derivative is ``y (1 - y)``, so ``dx = dy y (1 - y)``, with ``1 - y = 1 / (1 + eˣ)``: a difference would lose digits where
    `y` is near 1.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        y = x.sigmoid()
        return y, (x, y)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x, y = cache
        return dy * y * x.neg().sigmoid(), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Sigmoid()  # type: ignore[no-any-return]
