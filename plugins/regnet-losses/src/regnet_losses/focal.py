"""The focal loss: the cross entropy, with less weight on examples that are already classified well."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar, Final

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from regnet import BadOption, Coding, Loss
from regnet_losses.logits import log_softmax

TINY: Final = torch.finfo(torch.float64).tiny


@dataclass(frozen=True)
class Focal(Loss):
    """``L = (1/B) Σ_B α_t (1 - p_t)^γ (-log p_t)`` with ``p = softmax(y)`` for logits `y` and the class number `t`.

    With ``l = -log p_t``, ``1 - p_t`` is ``-expm1(-l)``, which has all digits also where p_t is close to 1. The derivative with
    respect to `l` is ``α_t (1 - p_t)^γ (1 + γ p_t l / (1 - p_t))``, and that of `l` with respect to the logits is ``p - e_t``, with
    `e_t` 1 at the class and 0 elsewhere. For γ = 0 and without α the loss is the cross entropy. The mean over the batch is not
    weighted. PyTorch has no counterpart.
    Source: Lin, Goyal, Girshick, He and Dollár, "Focal loss for dense object detection", ICCV 2017, equation (5), there for two
    classes with α and 1 - α.

    Args:
        gamma: the exponent γ, at least 0: the larger, the less do well-classified examples count.
        alpha: the factor α of each class, in the order of the class numbers, above 0; by default 1.
    """

    gamma: Annotated[float, Ge(0)] = 2.0
    alpha: list[Annotated[float, Gt(0)]] | None = None

    codings: ClassVar[tuple[Coding, ...]] = ("index",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        loss = _cross_entropy(prediction, target)
        losses = self._factors(prediction, target) * _miss(loss) ** self.gamma * loss
        return losses.squeeze(-1).mean(-1).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        index = target.unsqueeze(-1)
        loss = _cross_entropy(prediction, target)
        miss = _miss(loss)
        by_loss = miss**self.gamma * (1 + self.gamma * (-loss).exp() * loss / miss)
        others = prediction.double().softmax(-1).scatter(-1, index, 0.0)
        by_logits = others.scatter_add(-1, index, -others.sum(-1, keepdim=True))
        slope = self._factors(prediction, target) * by_loss * by_logits
        return (slope / prediction.shape[-2]).to(prediction.dtype)

    def probabilities(self, prediction: Tensor) -> Tensor:
        """``softmax(y)``."""
        return prediction.softmax(-1)

    def _factors(self, y: Tensor, target: Tensor) -> Tensor | float:
        """The factor α of each example ``(*R, B, 1)``.

        Raises:
            BadOption: there is not one for each class.
        """
        if self.alpha is None:
            return 1.0
        classes = y.shape[-1]
        if len(self.alpha) != classes:
            raise BadOption(
                f"loss focal: alpha has {len(self.alpha)} numbers, but there are {classes} classes: give one number for each class"
            )
        factors = _tensor(tuple(self.alpha), y.device).expand(*target.shape, -1)
        return factors.gather(-1, target.unsqueeze(-1))  # unlike an index, it can be recorded


@cache
def _tensor(numbers: tuple[float, ...], device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # so that autograd can also use it
        return torch.tensor(numbers, dtype=torch.float64, device=device)


def _cross_entropy(prediction: Tensor, target: Tensor) -> Tensor:
    """``-log p_t`` of each example ``(*R, B, 1)``, in double precision."""
    return -log_softmax(prediction).gather(-1, target.unsqueeze(-1))


def _miss(loss: Tensor) -> Tensor:
    """``1 - p_t`` for ``-log p_t``; not 0, of which a power has no derivative."""
    return (-(-loss).expm1()).clamp(min=TINY)
