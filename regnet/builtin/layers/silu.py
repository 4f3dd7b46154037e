"""The sigmoid linear unit, also called swish: each feature gated by its own sigmoid."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params


@dataclass(frozen=True)
class SiLU(Layer):
    """``y = x s`` with ``s = 1 / (1 + e⁻ˣ)``.

    The product rule gives ``dy/dx = s + x s (1 - s)``.
    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", 2017.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        s = x.sigmoid()
        return x * s, (x, s)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x, s = cache
        return dy * (s + x * s * (1 - s)), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.SiLU()  # type: ignore[no-any-return]
