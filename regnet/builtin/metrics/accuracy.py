"""The accuracy: one minus the error rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class Accuracy(Metric):
    """The share of examples with the right predicted class: ``mean(argmax y = t)``."""

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "accuracy"
    unit: ClassVar[str] = "%"
    scale: ClassVar[float] = 100.0
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.argmax(-1) == target).double().mean(-1)
