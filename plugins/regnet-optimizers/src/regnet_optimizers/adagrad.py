"""Adagrad: a parameter with large past gradients takes smaller steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from regnet import PER_REPLICA, Optimizer, State, descend


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """``θ ← θ - lr / (1 + (t - 1) lr_decay) g / (√s + eps)`` with ``s ← s + g²``, at step `t` from 1.

    With weight decay ``g ← g + weight_decay θ`` first.
    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12,
    2011, the diagonal form; the decay of the learning rate is PyTorch's.

    Args:
        lr: learning rate, above 0.
        lr_decay: how fast the learning rate falls, at least 0.
        weight_decay: weight decay coefficient, at least 0.
        initial_accumulator_value: the initial value of `s`, at least 0.
        eps: keeps the denominator from zero, above 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.01
    lr_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    initial_accumulator_value: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-10

    def init(self, parameters: Tensor) -> State:
        square = torch.zeros_like(parameters).add_(self.initial_accumulator_value)
        return {"step": parameters.new_zeros(()), "square": square}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        square = state["square"].add_(gradients.square())
        slowed = 1 + state["step"] * self.lr_decay
        state["step"].add_(1)
        descend(parameters, self.lr / slowed, gradients / (square.sqrt() + self.eps))

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.Adagrad(  # type: ignore[no-any-return]
            parameters,
            lr=self.lr,
            lr_decay=self.lr_decay,
            weight_decay=self.weight_decay,
            initial_accumulator_value=self.initial_accumulator_value,
            eps=self.eps,
        )
