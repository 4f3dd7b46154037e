"""The root mean square error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction

SMALLEST = torch.finfo(torch.float64).tiny


@dataclass(frozen=True)
class RMSE(Metric):
    """``√mean((y - t)²)`` over the examples and the outputs, in the values' units."""

    takes: ClassVar[Prediction] = "values"
    title: ClassVar[str] = "RMSE"
    smallest: ClassVar[float] = 0.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        error = prediction.double() - target.double()
        largest = error.abs().amax((-1, -2), keepdim=True).clamp(min=SMALLEST)  # so that no square overflows or vanishes
        return largest[..., 0, 0] * (error / largest).square().mean((-1, -2)).sqrt()
