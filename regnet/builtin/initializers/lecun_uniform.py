"""LeCun's initialization, uniform: the same variance as the normal form, and no outliers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from regnet.contracts import PER_REPLICA, Initializer


@dataclass(frozen=True)
class LeCunUniform(Initializer):
    """``W ~ U(-a, a)`` with ``a = gain √(3 / F_in)``, so that the variance is ``gain² / F_in``; the bias is zero.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", in "Neural networks: tricks of the trade", 1998, section 4.6.

    Args:
        gain: a factor on the bound, above 0.
    """

    gain: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        bound = self.gain * math.sqrt(3 / in_features)
        return (2 * torch.rand(out_features, in_features, generator=generator) - 1) * bound

    def std(self, out_features: int, in_features: int) -> float:
        return self.gain / math.sqrt(in_features)
