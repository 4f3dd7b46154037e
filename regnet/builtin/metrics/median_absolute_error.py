"""The median absolute error, which is robust to outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class MedianAbsoluteError(Metric):
    """The median of ``|y - t|`` over the examples, averaged over the outputs, in the values' units."""

    takes: ClassVar[Prediction] = "values"
    title: ClassVar[str] = "median absolute error"
    smallest: ClassVar[float] = 0.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        sizes = (prediction.double() - target.double()).abs().sort(-2).values
        count = sizes.shape[-2]
        return ((sizes[..., (count - 1) // 2, :] + sizes[..., count // 2, :]) / 2).mean(-1)
