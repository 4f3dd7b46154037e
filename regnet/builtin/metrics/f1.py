"""The F1 score: precision and recall in one number, with the same weight for every class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from regnet.builtin.metrics.counts import confusion, share
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


def class_f1(scores: Tensor, target: Tensor) -> Tensor:
    """``2 TP / (2 TP + FP + FN)`` of each class, ``(*R, K)``; NaN for a class that neither occurs nor is predicted."""
    counts = confusion(scores, target)
    hits = counts.diagonal(dim1=-2, dim2=-1)
    return share(2 * hits, counts.sum(-1) + counts.sum(-2))


@dataclass(frozen=True)
class F1(Metric):
    """The mean over the classes (macro) of ``2 TP / (2 TP + FP + FN)``: the harmonic mean of precision and recall.

    A class that neither occurs nor is predicted is left out.

    Source: van Rijsbergen, "Information retrieval", 1979, chapter 7.
    """

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "F1"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return class_f1(prediction, target).nanmean(-1)
