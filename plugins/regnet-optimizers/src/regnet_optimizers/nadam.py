"""NAdam: Adam that looks one step ahead along its own mean gradient, as Nesterov's momentum does."""

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
class NAdam(Optimizer):
    """``θ ← θ - lr ((1 - μₜ) ĝ + μₜ₊₁ m̂) / (√v̂ + eps)`` at step `t`, from zero moments::

        m ← β₁ m + (1 - β₁) g      m̂ = m / (1 - μ₁ ⋯ μₜ₊₁)      ĝ = g / (1 - μ₁ ⋯ μₜ)
        v ← β₂ v + (1 - β₂) g²     v̂ = v / (1 - β₂ᵗ)            μₜ = β₁ (1 - ½ 0.96^(t momentum_decay))

    With weight decay ``g ← g + weight_decay θ`` first.
    Source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, in PyTorch's form.

    Args:
        lr: learning rate, above 0.
        beta1: decay of the mean, from 0 to below 1.
        beta2: decay of the mean square, from 0 to below 1.
        eps: keeps the denominator from zero, above 0.
        weight_decay: weight decay coefficient, at least 0.
        momentum_decay: how fast μ rises from ½ β₁ to β₁, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.002
    beta1: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.9
    beta2: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.999
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-8
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    momentum_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.004

    def init(self, parameters: Tensor) -> State:
        step = parameters.new_zeros(())
        return {
            "step": step,
            "product": torch.ones_like(self._momentum(step), dtype=parameters.dtype),  # a number, or one for each replica
            "mean": torch.zeros_like(parameters),
            "square": torch.zeros_like(parameters),
        }

    def _momentum(self, step: Tensor) -> Tensor:
        """μ at that step."""
        return self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        step = state["step"].add_(1)
        now, ahead = self._momentum(step), self._momentum(step + 1)
        product = state["product"].mul_(now)
        mean = state["mean"].mul_(self.beta1).add_(complement(self.beta1, gradients.dtype) * gradients)
        square = state["square"].mul_(self.beta2).add_(complement(self.beta2, gradients.dtype) * gradients.square())
        looked_ahead = (1 - now) / (1 - product) * gradients + ahead / (1 - product * ahead) * mean
        descend(parameters, self.lr, looked_ahead / ((square / (1 - self.beta2**step)).sqrt() + self.eps))

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.NAdam(  # type: ignore[no-any-return]
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            momentum_decay=self.momentum_decay,
        )
