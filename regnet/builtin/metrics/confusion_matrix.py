"""The confusion matrix: how often each class is predicted for each true class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from regnet.builtin.metrics.counts import confusion
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class ConfusionMatrix(Metric):
    """The number of examples of each class (rows) that are predicted as each class (columns), ``(*R, K, K)``."""

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "confusion matrix"
    smallest: ClassVar[float] = 0.0
    axes: ClassVar[tuple[str, ...]] = ("true class", "answer")

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return confusion(prediction, target)
