"""Lion: every parameter moves by the same amount in each step; only the sign of the step depends on the gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Interval
from torch import Tensor

from regnet import PER_REPLICA, Optimizer, State, complement, descend


@dataclass(frozen=True)
class Lion(Optimizer):
    """``θ ← θ - lr (sign(β₁ m + (1 - β₁) g) + weight_decay θ)``, then ``m ← β₂ m + (1 - β₂) g``, from ``m = 0``.

    The step gives the current gradient more weight than the moving average `m` does, as with Nesterov's momentum. Since its size is
    `lr` for every parameter, use a learning rate of a third to a tenth of Adam's, and a weight decay that is larger by the same
    factor. PyTorch has no counterpart.
    Source: Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2.

    Args:
        lr: learning rate, above 0.
        beta1: the weight of `m` in the direction, from 0 to below 1.
        beta2: decay of `m`, from 0 to below 1.
        weight_decay: weight decay coefficient, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.0001
    beta1: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.9
    beta2: Annotated[float, Interval(ge=0, lt=1), PER_REPLICA] = 0.99
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0

    def init(self, parameters: Tensor) -> State:
        return {"mean": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        mean = state["mean"]
        direction = (self.beta1 * mean + complement(self.beta1, gradients.dtype) * gradients).sign()
        descend(parameters, self.lr, direction + self.weight_decay * parameters)
        mean.mul_(self.beta2).add_(complement(self.beta2, gradients.dtype) * gradients)
