"""SwiGLU: a gated linear unit whose gate is swish, as in the feed-forward layers of many language models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params
from regnet_activations.halves import half


@dataclass(frozen=True)
class SwiGLU(Layer):
    """``y = a s b`` with `a` and `b` the halves of the features and ``s = σ(a)``: ``(*R, B, F)`` becomes ``(*R, B, F/2)``.

    The product rule gives ``db = dy a s`` and ``da = dy b s (1 + a (1 - s))``; `dx` is the concatenation of the two.
    After a linear layer this is the unit of the source, since one product gives both halves. PyTorch has no counterpart.
    Source: Shazeer, "GLU variants improve transformer", 2020, with Swish's β at 1.
    """

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {}, half("swiglu", in_features)

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        a, b = x.chunk(2, -1)
        s = a.sigmoid()
        return a * s * b, (a, b, s)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        a, b, s = cache
        gated = dy * s
        return torch.cat([gated * b * (1 + a * (1 - s)), gated * a], -1), {}
