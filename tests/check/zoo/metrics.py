"""Wrong metrics, and the correct one that they are derived from."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import Metric
from regnet.contracts.metric import Prediction
from tests.check.zoo.specimen import wrong


class Hits(Metric):
    """Correct: the base of wrong components."""

    takes: ClassVar[Prediction] = "scores"
    title: ClassVar[str] = "hits"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0
    better: ClassVar[Literal["smaller", "larger"]] = "larger"

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.argmax(-1) == target).double().mean(-1)


@wrong(Property.DESCRIPTION, "title", "tables, figures and statistics rely on it")
class Untitled(Hits):
    title: ClassVar[str] = ""


@wrong(Property.DESCRIPTION, "smallest and largest", "tables, figures and statistics rely on it")
class SwappedBounds(Hits):
    smallest: ClassVar[float] = 1.0
    largest: ClassVar[float] = 0.0


@wrong(Property.DIRECTION, "value", "better names the wrong direction")
class WrongDirection(Hits):
    better: ClassVar[Literal["smaller", "larger"]] = "smaller"


@wrong(Property.BOUNDS, "value", "intervals are clipped to smallest and largest")
class InPercent(Hits):
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return 100 * super().compute(prediction, target)


@wrong(Property.SHAPES, "value", "reduce only the axes of examples and outputs")
class OverReplicas(Hits):
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().compute(prediction, target).mean()


@wrong(Property.REPLICAS, "value of replica 0", "")
class MixedReplicas(Hits):
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        found = super().compute(prediction, target)
        return found if found.dim() == 0 else found.mean().expand(found.shape).clone()


@wrong(Property.ORDER, "value", "")
class FirstHalf(Hits):
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        half = (target.shape[-1] + 1) // 2
        return super().compute(prediction[..., :half, :], target[..., :half])


@wrong(Property.UNDEFINED, "value", "if the value is undefined, return NaN")
class Ratio(Hits):
    largest: ClassVar[float] = float("inf")

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.argmax(-1) == target).sum(-1).double().add(1) / (target != 0).sum(-1)


@wrong(Property.PURITY, "prediction", "")
class WritesInPlace(Hits):
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().compute(prediction.mul_(2), target)


@wrong(Property.DETERMINISM, "compute()", "a metric is not random")
class Sampled(Hits):
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        chosen = torch.randint(target.shape[-1], (target.shape[-1],))
        return super().compute(prediction[..., chosen, :], target[..., chosen])
