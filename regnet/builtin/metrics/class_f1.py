"""The F1 score of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from regnet.builtin.metrics.f1 import class_f1
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class ClassF1(Metric):
    """``2 TP / (2 TP + FP + FN)`` of each class, ``(*R, K)``; NaN for a class that neither occurs nor is predicted."""

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "F1 of each class"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"
    axes: ClassVar[tuple[str, ...]] = ("class",)

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return class_f1(prediction, target)
