"""The recall of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from regnet.builtin.metrics.counts import confusion, share
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class ClassRecall(Metric):
    """The share of examples of a class that are predicted as it, ``(*R, K)``; NaN for a class without examples."""

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "recall of each class"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"
    axes: ClassVar[tuple[str, ...]] = ("class",)

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        counts = confusion(prediction, target)
        return share(counts.diagonal(dim1=-2, dim2=-1), counts.sum(-1))
