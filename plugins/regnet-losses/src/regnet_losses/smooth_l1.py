"""The smooth L1 loss: the absolute error, rounded off near 0. It is the Huber loss divided by its δ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, ClassVar

from annotated_types import Gt
from torch import Tensor

from regnet import Coding, Loss
from regnet_losses.reduction import Reduction, count, reduced


@dataclass(frozen=True)
class SmoothL1(Loss):
    """``L = (1/B) Σ_B Σ_K s(y - t)`` with ``s(e) = ½ e² / β`` where ``|e| < β`` and ``|e| - ½ β`` beyond.

    With `u` equal to ``e / β`` clipped to ``[-1, 1]``, ``s(e) = u (e - ½ β u)`` in both cases, and `u` is the derivative. However
    small β is, large errors have a slope of 1, while in the Huber loss it is δ.
    Source: Girshick, "Fast R-CNN", ICCV 2015, equation (3), with β = 1.

    Args:
        beta: the error β beyond which the loss is linear, above 0; for 0 use `l1`.
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    beta: Annotated[float, Gt(0)] = 1.0
    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("signed", "one_hot", "standardized", "values")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        error = prediction.double() - target.double()
        slope = (error / self.beta).clamp(-1, 1)
        losses = slope * (error - 0.5 * self.beta * slope)
        return (losses.sum((-1, -2)) / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return ((prediction - target) / self.beta).clamp(-1, 1) / count(prediction.shape, self.reduction)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return reduced(nn.SmoothL1Loss, self.reduction, beta=self.beta)
