"""The mean square error: the paper's loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

from torch import Tensor

from regnet.builtin.losses.reduction import Reduction, count, reduced, share
from regnet.contracts import Coding, Loss


@dataclass(frozen=True)
class MSE(Loss):
    """``L = (1/B) Σ_B Σ_K (y - t)²`` with reduction "sum", the paper's equation (6); its mean over the outputs with "mean".

    The gradient is ``(2/B) (y - t)``, the paper's (15); with "mean", as in PyTorch's default, it is divided by the number of
    outputs `K`, and so is every step of plain gradient descent.

    Args:
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    reduction: Reduction = "sum"

    codings: ClassVar[tuple[Coding, ...]] = ("signed", "one_hot", "standardized", "values")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        squares = (prediction.double() - target.double()).square()
        return (squares.sum((-1, -2)) / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).mul_(share(2, prediction.shape, self.reduction, prediction.dtype))

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return reduced(nn.MSELoss, self.reduction)
