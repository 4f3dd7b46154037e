"""The balanced accuracy: every class has the same weight, whatever its number of examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from regnet.builtin.metrics.counts import confusion, share
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class BalancedAccuracy(Metric):
    """The mean over the classes of the share of their examples that are classified right; classes without examples are left out.

    Source: Brodersen, Ong, Stephan and Buhmann, "The balanced accuracy and its posterior distribution", ICPR 2010.
    """

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "balanced accuracy"
    unit: ClassVar[str] = "%"
    scale: ClassVar[float] = 100.0
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        counts = confusion(prediction, target)
        return share(counts.diagonal(dim1=-2, dim2=-1), counts.sum(-1)).nanmean(-1)
