"""The binary cross entropy from logits: each output is a separate yes-or-no decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import torch
from torch import Tensor

from regnet.builtin.losses.reduction import Reduction, count, reduced
from regnet.contracts import Coding, Loss


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """``L = (1/B) Σ_B Σ_K (t log(1 + e⁻ʸ) + (1 - t) log(1 + eʸ))`` for logits `y` and targets `t` from 0 to 1; its mean over the
    outputs by default.

    That is ``-t log s - (1 - t) log(1 - s)`` with ``s = 1 / (1 + e⁻ʸ)``, written so that large logits neither overflow nor cancel.
    The gradient is ``(1 - t) s(y) - t s(-y)``, which is ``s - t``, divided in the same way.

    Args:
        reduction: "sum" over the outputs of an example, or "mean" over them; the batch is averaged over in both cases.
    """

    reduction: Reduction = "mean"

    codings: ClassVar[tuple[Coding, ...]] = ("one_hot",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        y, t = prediction.double(), target.double()
        zero = torch.zeros_like(y)
        losses = t * torch.logaddexp(-y, zero) + (1 - t) * torch.logaddexp(y, zero)
        return (losses.sum((-1, -2)) / count(y.shape, self.reduction)).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        slope = (1 - target) * prediction.sigmoid() - target * (-prediction).sigmoid()
        return slope / count(prediction.shape, self.reduction)

    def probabilities(self, prediction: Tensor) -> Tensor:
        """``s / Σ s`` with ``s = 1 / (1 + e⁻ʸ)``: the probability of each output, divided by their sum."""
        return (-torch.logaddexp(-prediction, torch.zeros_like(prediction))).softmax(-1)  # the softmax of log s

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return reduced(nn.BCEWithLogitsLoss, self.reduction)
