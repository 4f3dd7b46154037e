"""The Huber loss: quadratic for small errors and linear for large ones, so that outliers do not dominate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, ClassVar

from annotated_types import Gt
from torch import Tensor

from regnet.builtin.losses.reduction import Reduction, count, reduced
from regnet.contracts import Coding, Loss


@dataclass(frozen=True)
class Huber(Loss):
    """``L = (1/B) Σ_B Σ_K h(y - t)`` with ``h(e) = ½ e²`` where ``|e| ≤ δ`` and ``δ (|e| - ½ δ)`` beyond.

    The derivative of `h` is `e` clipped to ``[-δ, δ]``. With ``c = clip(e)``, ``h(e) = c (e - ½ c)`` in both cases.
    Source: Huber, "Robust estimation of a location parameter", 1964.

    Args:
        delta: the error δ beyond which the loss is linear, above 0.
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    delta: Annotated[float, Gt(0)] = 1.0
    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("signed", "one_hot", "standardized", "values")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        error = prediction.double() - target.double()
        clipped = error.clamp(-self.delta, self.delta)
        losses = clipped * (error - 0.5 * clipped)
        return (losses.sum((-1, -2)) / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).clamp(-self.delta, self.delta) / count(prediction.shape, self.reduction)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return reduced(nn.HuberLoss, self.reduction, delta=self.delta)
