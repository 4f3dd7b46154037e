"""Adamax: Adam that divides by the largest recent gradient instead of the root of a mean square."""

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
class Adamax(Optimizer):
    """``θ ← θ - lr / (1 - β₁ᵗ) m / u`` at step `t`, from ``m = u = 0``::

        m ← β₁ m + (1 - β₁) g
        u ← max(β₂ u, |g| + eps)

    `u` is the limit of Adam's ``√v`` if its power 2 goes to infinity, and needs no correction of the bias.
    With weight decay ``g ← g + weight_decay θ`` first.
    Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 7.1, algorithm 2; `eps`, which the paper
    does not have, is added to each gradient's size, as in PyTorch.

    Args:
        lr: learning rate, above 0.
        beta1: decay of the mean, from 0 to below 1.
        beta2: decay of the largest size, from 0 to below 1.
        eps: keeps the denominator from zero, above 0.
        weight_decay: weight decay coefficient, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.002
    beta1: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.9
    beta2: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.999
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-8
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0

    def init(self, parameters: Tensor) -> State:
        return {
            "step": parameters.new_zeros(()),
            "mean": torch.zeros_like(parameters),
            "largest": torch.zeros_like(parameters),
        }

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        step = state["step"].add_(1)
        mean = state["mean"].mul_(self.beta1).add_(complement(self.beta1, gradients.dtype) * gradients)
        largest = state["largest"].mul_(self.beta2)
        torch.maximum(largest, gradients.abs() + self.eps, out=largest)
        descend(parameters, self.lr, mean / (1 - self.beta1**step) / largest)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.Adamax(  # type: ignore[no-any-return]
            parameters, lr=self.lr, betas=(self.beta1, self.beta2), eps=self.eps, weight_decay=self.weight_decay
        )
