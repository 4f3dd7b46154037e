"""RMSprop: divides each step by the recent size of its gradient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Interval
from torch import Tensor

from regnet.contracts import PER_REPLICA, Optimizer, State, complement, descend


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """``θ ← θ - lr g / (√v + eps)`` with ``v ← α v + (1 - α) g²``, from ``v = 0``.

    With weight decay ``g ← g + weight_decay θ`` first.
    Source: Tieleman and Hinton, "Lecture 6.5: RMSprop", Coursera, 2012; `eps` outside the root, as in PyTorch.

    Args:
        lr: learning rate, above 0.
        alpha: decay of the mean square, from 0 to 1.
        eps: keeps the denominator from zero, above 0.
        weight_decay: weight decay coefficient, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.01
    alpha: Annotated[float, Interval(ge=0, le=1), PER_REPLICA] = 0.99
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-8
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0

    def init(self, parameters: Tensor) -> State:
        return {"square": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        square = state["square"].mul_(self.alpha).add_(complement(self.alpha, gradients.dtype) * gradients.square())
        descend(parameters, self.lr, gradients / (square.sqrt() + self.eps))

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.RMSprop(  # type: ignore[no-any-return]
            parameters, lr=self.lr, alpha=self.alpha, eps=self.eps, weight_decay=self.weight_decay
        )
