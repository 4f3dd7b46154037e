"""RAdam: Adam whose first steps are made smaller, or not adaptive at all, since few gradients tell little about their size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Interval
from torch import Tensor

from regnet import PER_REPLICA, Optimizer, State, complement, descend


@dataclass(frozen=True)
class RAdam(Optimizer):
    """``θ ← θ - lr rₜ lₜ m̂`` at step `t` if ``ρₜ > 5``, else ``θ ← θ - lr m̂``, from zero moments::

        m ← β₁ m + (1 - β₁) g      m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²     lₜ = √(1 - β₂ᵗ) / (√v + eps)
        ρ∞ = 2 / (1 - β₂) - 1      ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)
        rₜ = √((ρₜ - 4) (ρₜ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρₜ))

    ρₜ tells from how many gradients `v` is estimated, and the factor rₜ makes up for the variance of ``lₜ``; it rises to 1. Up to
    ``β₂ = ⅔``, ρₜ stays at most 5, so no step is adaptive. With weight decay ``g ← g + weight_decay θ`` first.
    Source: Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, algorithm 2; adaptive from
    ``ρₜ > 5`` instead of 4, and with `eps`, as in PyTorch.

    Args:
        lr: learning rate, above 0.
        beta1: decay of the mean, from 0 to below 1.
        beta2: decay of the mean square, from 0 to below 1.
        eps: keeps the denominator from zero, above 0.
        weight_decay: weight decay coefficient, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.001
    beta1: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.9
    beta2: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.999
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-8
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0

    def init(self, parameters: Tensor) -> State:
        return {
            "step": parameters.new_zeros(()),
            "mean": torch.zeros_like(parameters),
            "square": torch.zeros_like(parameters),
        }

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        step = state["step"].add_(1)
        mean = state["mean"].mul_(self.beta1).add_(complement(self.beta1, gradients.dtype) * gradients)
        square = state["square"].mul_(self.beta2).add_(complement(self.beta2, gradients.dtype) * gradients.square())
        adaptive, factor = self._rectification(step)
        rate = torch.where(adaptive, factor / (square.sqrt() + self.eps), 1.0)
        descend(parameters, self.lr, mean / (1 - self.beta1**step) * rate)

    def _rectification(self, step: Tensor) -> tuple[Tensor, Tensor]:
        """Whether the step is adaptive, and ``rₜ √(1 - β₂ᵗ)``, which is arbitrary if it is not.

        In double precision, since ρₜ is a small difference of large numbers.
        """
        rest = complement(self.beta2, step.dtype).double()
        decayed = (1 - rest) ** step
        limit = 2 / rest - 1
        length = limit - 2 * step * decayed / (1 - decayed)
        rectified = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
        return length > 5, (rectified * (1 - decayed)).sqrt().to(step.dtype)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.RAdam(  # type: ignore[no-any-return]
            parameters, lr=self.lr, betas=(self.beta1, self.beta2), eps=self.eps, weight_decay=self.weight_decay
        )
