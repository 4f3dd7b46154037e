"""Tanhshrink: the input minus its tanh, close to zero for small inputs and close to ``x - sign(x)`` for large ones."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params

NEAR = 0.5
"""Where ``x - tanh(x)`` would cancel, its Taylor series is used."""
SERIES = (
    -18888466084 / 194896477400625,
    443861162 / 1856156927625,
    -6404582 / 10854718875,
    929569 / 638512875,
    -21844 / 6081075,
    1382 / 155925,
    -62 / 2835,
    17 / 315,
    -2 / 15,
    1 / 3,
)
"""The coefficients of x²¹ to x³."""


@dataclass(frozen=True)
class Tanhshrink(Layer):
    """``y = x - t`` with ``t = tanh(x)``.

    Since ``dt/dx = 1 - t²``, ``dy/dx = t²``.
    Source: no paper is known to introduce it; it came with Lua Torch, as `nn.TanhShrink`.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        t = x.tanh()
        square = x.clamp(-NEAR, NEAR).square()
        series = torch.zeros_like(x)
        for coefficient in SERIES:
            series = (series + coefficient) * square
        return torch.where(x.abs() < NEAR, series * x, x - t), t

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        t = cache
        return dy * t**2, {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Tanhshrink()  # type: ignore[no-any-return]
