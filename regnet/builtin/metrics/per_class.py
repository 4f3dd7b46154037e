"""Precision, recall and F1 of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from regnet.builtin.metrics.counts import confusion, share
from regnet.builtin.metrics.f1 import class_f1
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class ClassPrecision(Metric):
    """The share of examples predicted as a class that belong to it, ``(*R, K)``; NaN for a class that is never predicted."""

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "precision of each class"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"
    axes: ClassVar[tuple[str, ...]] = ("class",)

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        counts = confusion(prediction, target)
        return share(counts.diagonal(dim1=-2, dim2=-1), counts.sum(-2))


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
