"""The mean absolute error: every error counts in proportion to its size, so that the best constant is the median."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

from torch import Tensor

from regnet import Coding, Loss
from regnet_losses.arithmetic import sign
from regnet_losses.reduction import Reduction, count, reduced


@dataclass(frozen=True)
class L1(Loss):
    """``L = (1/B) Σ_B Σ_K |y - t|``; its mean over the outputs by default.

    The gradient is ``sign(y - t) / B``, 0 where both are equal.
    Source: Laplace, "Mémoire sur la probabilité des causes par les événements", 1774.

    Args:
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("signed", "one_hot", "standardized", "values")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        losses = (prediction.double() - target.double()).abs()
        return (losses.sum((-1, -2)) / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return sign(prediction - target) / count(prediction.shape, self.reduction)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return reduced(nn.L1Loss, self.reduction)
