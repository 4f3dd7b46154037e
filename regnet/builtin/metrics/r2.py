"""The coefficient of determination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction

SMALLEST = torch.finfo(torch.float64).tiny


@dataclass(frozen=True)
class R2(Metric):
    """``1 - Σ (t - y)² / Σ (t - mean(t))²``, averaged over the outputs: 1 is perfect, 0 is as good as the mean.

    NaN where the targets of an output are all equal.
    """

    takes: ClassVar[Prediction] = "values"
    title: ClassVar[str] = "R²"
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        target = target.double()
        deviation = target - target.mean(-2, keepdim=True)
        largest = deviation.abs().amax(-2, keepdim=True).clamp(min=SMALLEST)  # so that no square overflows or vanishes
        squares = ((prediction.double() - target) / largest).square().sum(-2)
        spread = (deviation / largest).square().sum(-2)
        varies = target.amax(-2) > target.amin(-2)  # the mean of equal numbers may differ from them by rounding
        return torch.where(varies, 1 - squares / spread, torch.nan).mean(-1)
