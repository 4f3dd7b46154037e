"""The scaled exponential linear unit: it preserves mean 0 and variance 1 from layer to layer, without normalization."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params

ALPHA = 1.6732632423543772848170429916717
SCALE = 1.0507009873554804934193349852946


@dataclass(frozen=True)
class SELU(Layer):
    """``y = λ x`` where ``x > 0``, and ``y = λ α (eˣ - 1)`` elsewhere, with ``λ = 1.0507…`` and ``α = 1.6733…``.

    With the two constants, a standard normal input gives an output of mean 0 and variance 1.
    The derivative is λ where ``x > 0`` and ``λ α eˣ`` elsewhere. Use it with weights of variance ``1 / F_in``.
    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        negative = x.clamp(max=0)  # where x > 0 the exponential is not used, and must not overflow
        return SCALE * torch.where(x > 0, x, ALPHA * negative.expm1()), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x = cache
        return SCALE * torch.where(x > 0, dy, dy * ALPHA * x.exp()), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.SELU()  # type: ignore[no-any-return]
