"""Hardtanh: the identity between two bounds, and constant beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from torch import Tensor

from regnet import PER_REPLICA, BadOption, Context, Layer, Params


@dataclass(frozen=True)
class Hardtanh(Layer):
    """``y = min(max(x, a), b)`` with the bounds `a` and `b`.

    Its derivative is 1 where ``a < x < b`` and 0 elsewhere; at the bounds it is defined as 0, as in PyTorch.
    Source: Collobert, Weston, Bottou, Karlen, Kavukcuoglu and Kuksa, "Natural language processing (almost) from scratch", JMLR 12,
    2011, section 3.

    Args:
        min_val: the lower bound `a`.
        max_val: the upper bound `b`, above the lower one.
    """

    min_val: Annotated[float, PER_REPLICA] = -1.0
    max_val: Annotated[float, PER_REPLICA] = 1.0

    def __post_init__(self) -> None:
        if not torch.all(torch.as_tensor(self.min_val < self.max_val)):
            raise BadOption(f"layer hardtanh: max_val must be above min_val; got min_val={self.min_val}, max_val={self.max_val}")

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        inside = (x > self.min_val) & (x < self.max_val)
        return x.clamp(min=self.min_val).clamp(max=self.max_val), inside

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        inside = cache
        return dy * inside, {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Hardtanh(self.min_val, self.max_val)  # type: ignore[no-any-return]
