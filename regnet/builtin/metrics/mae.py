"""The mean absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class MAE(Metric):
    """``mean(|y - t|)`` over the examples and the outputs, in the values' units."""

    takes: ClassVar[Prediction] = "values"
    title: ClassVar[str] = "mean absolute error"
    smallest: ClassVar[float] = 0.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.double() - target.double()).abs().mean((-1, -2))
