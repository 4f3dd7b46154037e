"""The Poisson negative log-likelihood: for targets that count events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

from torch import Tensor

from regnet import Coding, Loss
from regnet_losses.reduction import Reduction, count, reduced


@dataclass(frozen=True)
class Poisson(Loss):
    """``L = (1/B) Σ_B Σ_K (eʸ - t y)`` for counts `t`; its mean over the outputs by default.

    The network's output `y` is the logarithm of the expected count ``λ = eʸ``. The loss is ``-log P(t)`` with
    ``P(t) = λᵗ e^(-λ) / t!``, without ``log t!``, which does not depend on `y`; so it can be below 0. The gradient is
    ``(eʸ - t) / B``. Metrics compare outputs with targets as they are: exponentiate the outputs for predicted counts.
    Source: Nelder and Wedderburn, "Generalized linear models", Journal of the Royal Statistical Society A 135, 1972.

    Args:
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("values",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        y, t = prediction.double(), target.double()
        return ((y.exp() - t * y).sum((-1, -2)) / count(y.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        slope = prediction.double().exp() - target
        return (slope / count(prediction.shape, self.reduction)).to(prediction.dtype)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return reduced(nn.PoissonNLLLoss, self.reduction)  # log_input=True is its default
