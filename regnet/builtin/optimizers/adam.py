"""Adam: the step size of each parameter depends on running means of its gradient and of the gradient's square."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Interval
from torch import Tensor

from regnet.builtin.optimizers.moments import adam_direction, amsgrad_direction, zero_maximum, zero_moments
from regnet.contracts import PER_REPLICA, Optimizer, State, descend


@dataclass(frozen=True)
class Adam(Optimizer):
    """``θ ← θ - lr m̂ / (√v̂ + eps)`` at step `t`, from zero moments::

        m ← β₁ m + (1 - β₁) g      m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²     v̂ = v / (1 - β₂ᵗ)

    With weight decay ``g ← g + weight_decay θ`` first, so the decay enters the moments; in `adamw` it does not.
    AMSGrad replaces `v` in ``v̂`` by the largest `v` so far, so a large gradient has a lasting effect on the denominator.
    Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; AMSGrad: Reddi, Kale and Kumar,
    "On the convergence of Adam and beyond", ICLR 2018, algorithm 2, with Adam's corrections of the bias, as in PyTorch.

    Args:
        lr: learning rate, above 0.
        beta1: decay of the mean, from 0 to below 1.
        beta2: decay of the mean square, from 0 to below 1.
        eps: keeps the denominator from zero, above 0.
        weight_decay: weight decay coefficient, at least 0.
        amsgrad: whether the largest `v` so far replaces `v` in the step.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.001
    beta1: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.9
    beta2: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.999
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-8
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    amsgrad: bool = False

    def init(self, parameters: Tensor) -> State:
        return zero_moments(parameters) | (zero_maximum(parameters) if self.amsgrad else {})

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        direction = adam_direction(gradients, state, self.beta1, self.beta2, self.eps)
        if self.amsgrad:
            direction = amsgrad_direction(state, self.beta1, self.beta2, self.eps)
        descend(parameters, self.lr, direction)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.Adam(  # type: ignore[no-any-return]
            parameters,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            eps=self.eps,
            weight_decay=self.weight_decay,
            amsgrad=self.amsgrad,
        )
