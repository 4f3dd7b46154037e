"""Wrong losses, and the correct ones that they are derived from."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import ClassVar

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import (
    Coding,
    Loss,
)
from tests.check.zoo.specimen import GRADIENT, PREDICTION, wrong


class MSE(Loss):
    """Correct: the base of wrong components."""

    codings: ClassVar[tuple[Coding, ...]] = ("signed", "values")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).square().sum((-1, -2)) / prediction.shape[-2]

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return 2 * (prediction - target) / prediction.shape[-2]


@wrong(GRADIENT, PREDICTION, "off by a factor 7: not averaged over the batch", index=(0, 0), during="coding signed", only=False)
class MseNotAveraged(MSE):
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return 2 * (prediction - target)


@wrong(GRADIENT, PREDICTION, "off by a factor 1/3: averaged over the outputs, but forward sums", index=(0, 0), only=False)
class MseAveragedOverOutputs(MSE):
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return 2 * (prediction - target) / prediction.shape[-2:].numel()


@wrong(GRADIENT, PREDICTION, "off by a factor 1/2", index=(0, 0), only=False)
class MseWithoutFactorTwo(MSE):
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target) / prediction.shape[-2]


@wrong(Property.REPLICAS, "value", "one number for all replicas", during="coding signed, replica axis")
class MseOfAllReplicas(MSE):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).square().sum(-1).mean()


@wrong(
    Property.COUNTERPART,
    "value",
    "off by a factor 3: summed over the outputs, where PyTorch averages",
    during="coding signed",
    only=True,
)
class AnotherReductionThanPyTorch(MSE):
    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return nn.MSELoss()  # type: ignore[no-any-return]


@wrong(Property.COUNTERPART, PREDICTION, "", index=(1, 0), during="coding values", only=False)
class AbsoluteErrorAtTarget(Loss):
    """Its slope is wrong only where the prediction equals the target."""

    codings: ClassVar[tuple[Coding, ...]] = ("values",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs().mean((-1, -2))

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return torch.where(prediction >= target, 1.0, -1.0).to(prediction) / prediction.shape[-2:].numel()

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return nn.L1Loss()  # type: ignore[no-any-return]


@wrong(Property.CODINGS, "forward()", "declares the coding 'index'", during="coding index")
class RejectsDeclaredCoding(MSE):
    codings: ClassVar[tuple[Coding, ...]] = ("one_hot", "index")


class CrossEntropy(Loss):
    """Correct: the base of wrong components."""

    codings: ClassVar[tuple[Coding, ...]] = ("index",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return -prediction.log_softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1).mean(-1)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction.softmax(-1) - one_hot(prediction, target)) / prediction.shape[-2]


def one_hot(prediction: Tensor, target: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(target, prediction.shape[-1]).to(prediction.dtype)


@wrong(GRADIENT, PREDICTION, "the softmax is missing", index=(0, 0), during="coding index", only=False)
class CrossEntropyWithoutSoftmax(CrossEntropy):
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - one_hot(prediction, target)) / prediction.shape[-2]


@wrong(GRADIENT, PREDICTION, "the target is missing or too much", during="coding index", only=False)
class CrossEntropyWithoutTarget(CrossEntropy):
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return prediction.softmax(-1) / prediction.shape[-2]


@wrong(Property.RANGE, "value", "subtract the largest logit first", during="coding index, equal predictions of size 1e+08")
class CrossEntropyThatCancels(CrossEntropy):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        chosen = prediction.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        return (prediction.logsumexp(-1) - chosen).mean(-1)


@wrong(Property.NAN, PREDICTION, "a comparison with NaN is false", during="coding signed, a prediction with a NaN")
class SlopeWithoutNan(MSE):
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        slope = super().backward(prediction, target)
        return torch.where(slope.isnan(), 0.0, slope)


@wrong(Property.PROBABILITIES, "sum over the classes", "")
class UnscaledProbabilities(CrossEntropy):
    def probabilities(self, prediction: Tensor) -> Tensor:
        return prediction.sigmoid()
