"""Hardswish: each feature multiplied by its hardsigmoid; like swish, but without an exponential."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class Hardswish(Layer):
    """``y = x min(max(x / 6 + ½, 0), 1)``: 0 up to -3, `x` from 3 on, and ``x² / 6 + x / 2`` between.

    Its derivative is 0, 1 and ``x / 3 + ½``; at ±3 it is defined as 0 and 1, as in PyTorch.
    Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return torch.where(x.abs() < 3, x * (x / 6 + 0.5), x.relu()), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x = cache
        return dy * torch.where(x.abs() < 3, x / 3 + 0.5, (x > 0).to(x.dtype)), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Hardswish()  # type: ignore[no-any-return]
