"""The same number for every weight: for tests, and to see what happens when units start equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from regnet.contracts import PER_REPLICA, Initializer


@dataclass(frozen=True)
class Constant(Initializer):
    """``W = value``; the bias is zero.

    Args:
        value: the value of every weight.
    """

    value: Annotated[float, PER_REPLICA] = 0.0

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.ones(out_features, in_features) * self.value
