"""The error rate, the metric in the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class ErrorRate(Metric):
    """``mean(argmax y ≠ t)``, ``(*R)``: the share of examples classified wrongly, for outputs y ``(*R, N, K)`` and classes t
    ``(*R, N)``.
    """

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "error rate"
    unit: ClassVar[str] = "%"
    scale: ClassVar[float] = 100.0
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.argmax(-1) != target).double().mean(-1)
