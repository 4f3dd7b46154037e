"""The leaky rectifier: it passes a small multiple of the negative part, so that no unit stops learning."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor

from regnet.contracts import PER_REPLICA, Context, Layer, Params


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """``y = max(x, 0) + a min(x, 0)`` with `a` the slope on the negative side.

    Its derivative is 1 where ``x > 0`` and `a` elsewhere.
    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    Args:
        negative_slope: the slope `a`, at least 0.
    """

    negative_slope: Annotated[float, Ge(0), PER_REPLICA] = 0.01

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return torch.where(x > 0, x, self.negative_slope * x), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x = cache
        return torch.where(x > 0, dy, self.negative_slope * dy), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.LeakyReLU(self.negative_slope)  # type: ignore[no-any-return]
