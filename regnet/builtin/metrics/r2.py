"""The coefficient of determination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


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
        squares = (prediction - target).square().sum(-2)
        spread = (target - target.mean(-2, keepdim=True)).square().sum(-2)
        return torch.where(spread > 0, 1 - squares / spread, torch.nan).mean(-1)
