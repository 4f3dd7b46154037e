"""LeCun's initialization, normal: the start that self-normalizing networks (SELU) need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from regnet.contracts import PER_REPLICA, Initializer


@dataclass(frozen=True)
class LeCunNormal(Initializer):
    """``W ~ N(0, gain² / F_in)``: normal with standard deviation ``gain / √F_in``; the bias is zero.

    For inputs of mean 0 and variance 1, the outputs of the linear map have the same mean and variance.
    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", in "Neural networks: tricks of the trade", 1998, section 4.6.

    Args:
        gain: a factor on the standard deviation, above 0.
    """

    gain: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features, generator=generator) * self.std(out_features, in_features)

    def std(self, out_features: int, in_features: int) -> float:
        return self.gain / math.sqrt(in_features)
