"""Tanhshrink: the input minus its tanh, close to zero for small inputs and close to ``x - sign(x)`` for large ones."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class Tanhshrink(Layer):
    """``y = x - t`` with ``t = tanh(x)``.

    Since ``dt/dx = 1 - t²``, ``dy/dx = t²``.
    Source: no paper is known to introduce it; it came with Lua Torch, as `nn.TanhShrink`.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        t = x.tanh()
        return x - t, t

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        t = cache
        return dy * t**2, {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Tanhshrink()  # type: ignore[no-any-return]
