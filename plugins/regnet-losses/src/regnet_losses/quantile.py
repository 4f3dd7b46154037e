"""The quantile loss, also called the pinball loss: predicts a quantile of the target instead of its mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Gt, Lt
from torch import Tensor

from regnet import Coding, Loss
from regnet_losses.arithmetic import sign
from regnet_losses.reduction import Reduction, count


@dataclass(frozen=True)
class Quantile(Loss):
    """``L = (1/B) Σ_B Σ_K ((1 - q) max(y - t, 0) + q max(t - y, 0))``; its mean over the outputs by default.

    A target is below the best prediction with probability q: with q = 0.9, being too low costs nine times as much as being too
    high. The derivative is ``1 - q`` above the target and ``-q`` below it, and 0 where both are equal. For q = ½ the loss is half
    of `l1`. PyTorch has no counterpart.
    Source: Koenker and Bassett, "Regression quantiles", Econometrica 46, 1978.

    Args:
        quantile: the quantile q to predict, above 0 and below 1.
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    quantile: Annotated[float, Gt(0), Lt(1)] = 0.5
    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("standardized", "values")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        error = prediction.double() - target.double()
        losses = (1 - self.quantile) * error.relu() + self.quantile * (-error).relu()
        return (losses.sum((-1, -2)) / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        side = sign(prediction - target)
        slope = (1 - self.quantile) * side.relu() - self.quantile * (-side).relu()
        return slope / count(prediction.shape, self.reduction)
