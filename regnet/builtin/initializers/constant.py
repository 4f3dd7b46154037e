"""One number everywhere: for tests, and for seeing what happens when units start alike."""

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
        value: what every weight is.
    """

    value: Annotated[float, PER_REPLICA] = 0.0

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.ones(out_features, in_features) * self.value
