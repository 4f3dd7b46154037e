"""Hardsigmoid: the logistic function approximated by three straight lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class Hardsigmoid(Layer):
    """``y = min(max(x / 6 + ½, 0), 1)``.

    Its derivative is ⅙ where ``-3 < x < 3`` and 0 elsewhere; at ±3 it is defined as 0, as in PyTorch.
    It has no exact counterpart, since `torch.nn.Hardsigmoid` uses ⅙ in single precision, whatever the type of the input: it agrees
    with this layer to seven digits, but not to sixteen.
    Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2, after Courbariaux, Bengio and David,
    "BinaryConnect", NIPS 2015, whose slope is ½.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return (x / 6 + 0.5).clamp(0, 1), x.abs() < 3

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        inside = cache
        return dy * inside / 6, {}
