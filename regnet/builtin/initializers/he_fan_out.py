"""He's initialization by the output size: the form in the paper's code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from regnet.contracts import PER_REPLICA, Initializer


@dataclass(frozen=True)
class HeFanOut(Initializer):
    """``W ~ N(0, gain² · 2 / F_out)``: normal with standard deviation ``gain √(2 / F_out)``; the bias is zero.

    The form in the paper's code. The paper's equation (2), read as a standard deviation, is ``2 / √F_out``, which is √2 times as
    much (``gain=1.4142``). Scaling by the output size preserves the variance of gradients in the backward pass through
    rectifiers.
    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation (14).

    Args:
        gain: a factor on the standard deviation, above 0.
    """

    gain: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features, generator=generator) * self.std(out_features, in_features)

    def std(self, out_features: int, in_features: int) -> float:
        return self.gain * math.sqrt(2 / out_features)
