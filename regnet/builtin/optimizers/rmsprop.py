"""RMSprop: divides each step by the recent size of its gradient, optionally with momentum."""

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

    With weight decay ``g ← g + weight_decay θ`` first. If centered, the variance ``v - m²`` replaces `v` in the root, with
    ``m ← α m + (1 - α) g`` from ``m = 0``; it counts as 0 where rounding makes it negative. With momentum μ, the velocity
    ``u ← μ u + d`` (from ``u = 0``) replaces the direction `d`, the quotient above.
    Source: Tieleman and Hinton, "Lecture 6.5: RMSprop", Coursera, 2012; centered with momentum: Graves, "Generating sequences with
    recurrent neural networks", 2013; `eps` outside the root and the learning rate outside the velocity, as in PyTorch.

    Args:
        lr: learning rate, above 0.
        alpha: decay of the mean square, from 0 to 1.
        eps: keeps the denominator from zero, above 0.
        weight_decay: weight decay coefficient, at least 0.
        momentum: μ, at least 0.
        centered: whether to divide by the standard deviation of the gradient instead of its root mean square.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.01
    alpha: Annotated[float, Interval(ge=0, le=1), PER_REPLICA] = 0.99
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-8
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    momentum: Annotated[float, Ge(0), PER_REPLICA] = 0.0
    centered: bool = False

    @property
    def _has_momentum(self) -> bool:
        return isinstance(self.momentum, Tensor) or self.momentum != 0

    def init(self, parameters: Tensor) -> State:
        names = ["square", *(["mean"] if self.centered else []), *(["velocity"] if self._has_momentum else [])]
        return {name: torch.zeros_like(parameters) for name in names}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        square = state["square"].mul_(self.alpha).add_(complement(self.alpha, gradients.dtype) * gradients.square())
        if self.centered:
            mean = state["mean"].mul_(self.alpha).add_(complement(self.alpha, gradients.dtype) * gradients)
            square = (square - mean.square()).clamp_(min=0)
        direction = gradients / (square.sqrt() + self.eps)
        if self._has_momentum:
            direction = state["velocity"].mul_(self.momentum).add_(direction)
        descend(parameters, self.lr, direction)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.RMSprop(  # type: ignore[no-any-return]
            parameters,
            lr=self.lr,
            alpha=self.alpha,
            eps=self.eps,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            centered=self.centered,
        )
