"""The multi-class hinge loss: the output of the class should exceed every other one by a margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, ClassVar

from annotated_types import Gt
from torch import Tensor

from regnet import Coding, Loss
from regnet_losses.arithmetic import sign, sum_of_three
from regnet_losses.reduction import Reduction, count


@dataclass(frozen=True)
class Hinge(Loss):
    """``L = (1/B) Σ_B Σ_{k≠t} max(0, m - y_t + y_k)`` for the class number `t` and the margin `m`, over `K` by default.

    The gradient is 1 for each other class whose term is above 0, and minus their number for the class, both divided like the loss.
    Outputs are scores that define no probabilities. The three terms are added without cancellation, so that a term next to the
    margin has all digits.
    Source: Weston and Watkins, "Support vector machines for multi-class pattern recognition", ESANN 1999, with m = 2 and no mean.

    Args:
        margin: the margin m, above 0.
        reduction: "sum" over the outputs of an example, or "mean": the sum divided by the number of classes `K`, as in PyTorch; the
            batch is averaged over in both cases.
    """

    margin: Annotated[float, Gt(0)] = 1.0
    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("index",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        losses = self._terms(prediction, target).sum((-1, -2))
        return (losses / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        active = sign(self._terms(prediction, target)).to(prediction.dtype)
        slope = active.scatter(-1, target.unsqueeze(-1), -active.sum(-1, keepdim=True))
        return slope / count(prediction.shape, self.reduction)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        mean = nn.MultiMarginLoss(margin=self.margin)
        if self.reduction == "mean":
            return mean  # type: ignore[no-any-return]
        return lambda prediction, target: mean(prediction, target) * prediction.shape[-1]

    def _terms(self, prediction: Tensor, target: Tensor) -> Tensor:
        """``max(0, m - y_t + y_k)`` for every class ``(*R, B, K)``, in double precision; 0 for the class itself."""
        y = prediction.double()
        index = target.unsqueeze(-1)
        terms = sum_of_three(self.margin, -y.gather(-1, index), y).relu()
        return terms.scatter(-1, index, 0.0)
