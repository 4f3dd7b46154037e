"""The gated linear unit: the first half of the features, multiplied by the logistic function of the second half."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params
from regnet_activations.halves import half


@dataclass(frozen=True)
class GLU(Layer):
    """``y = a σ(b)`` with `a` the first half of the features and `b` the second: ``(*R, B, F)`` becomes ``(*R, B, F/2)``.

    With ``s = σ(b)``, the product rule gives ``da = dy s`` and ``db = dy a s (1 - s)``; `dx` is the concatenation of the two.
    After a linear layer this is the unit of the source, since one product gives both halves.
    Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", ICML 2017.
    """

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {}, half("glu", in_features)

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        a, b = x.chunk(2, -1)
        s = b.sigmoid()
        return a * s, (a, b, s)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        a, b, s = cache
        da = dy * s
        return torch.cat([da, da * a * b.neg().sigmoid()], -1), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.GLU()  # type: ignore[no-any-return]
