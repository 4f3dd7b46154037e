"""The area under the receiver operating characteristic: how well the outputs rank examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from regnet.builtin.metrics.counts import share
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class AUROC(Metric):
    """The probability that an example of a class is ranked above one of another class, a tie counting half.

    Examples are ranked by ``log softmax(y)`` of the class. With two classes, the value is the area for class 1; with more, the mean
    over the classes, each against all others. With n₁ examples of the class, n₀ others and ranks r, a class has
    ``(Σ r - n₁ (n₁ + 1) / 2) / (n₀ n₁)``. NaN where a class has no examples.

    Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
    Radiology 143, 1982.
    """

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "AUROC"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        scores = prediction.double().log_softmax(-1).mT.contiguous()
        present = target.unsqueeze(-2) == torch.arange(scores.shape[-2], device=scores.device).unsqueeze(-1)
        areas = _area(scores, present.double())
        return areas[..., 1] if scores.shape[-2] == 2 else areas.mean(-1)


def _area(scores: Tensor, present: Tensor) -> Tensor:
    """The area ``(*R, K)`` for scores and memberships ``(*R, K, N)``."""
    count = present.sum(-1)
    others = present.shape[-1] - count
    ranked = (_ranks(scores) * present).sum(-1) - count * (count + 1) / 2
    return share(ranked, count * others)


def _ranks(values: Tensor) -> Tensor:
    """The rank of each value along the last axis, from 1; equal values have the mean of their ranks."""
    ordered = values.sort(-1).values
    below = torch.searchsorted(ordered, values)
    up_to = torch.searchsorted(ordered, values, right=True)
    return (below + up_to + 1).double() / 2
