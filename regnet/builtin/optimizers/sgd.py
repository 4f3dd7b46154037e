"""Stochastic gradient descent: a step against the gradient, optionally with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Interval
from torch import Tensor

from regnet.contracts import PER_REPLICA, Optimizer, State, descend
from regnet.errors import BadOption


@dataclass(frozen=True)
class SGD(Optimizer):
    """``θ ← θ - lr g``, the paper's equation (7), plain by default.

    With weight decay ``g ← g + weight_decay θ`` first. With momentum μ, the velocity ``v ← μ v + g`` (from ``v = 0``) replaces `g`;
    with Nesterov's momentum, ``g + μ v`` does.
    Source of the last: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, in PyTorch's form.

    Args:
        lr: learning rate, above 0.
        momentum: μ, from 0 to 1.
        nesterov: whether to look ahead along the velocity; needs momentum.
        weight_decay: weight decay coefficient, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.001
    momentum: Annotated[float, Interval(ge=0, le=1), PER_REPLICA] = 0.0
    nesterov: bool = False
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0

    def __post_init__(self) -> None:
        if self.nesterov and not self._has_momentum:
            raise BadOption("optimizer sgd: nesterov needs momentum above 0, got 0")

    @property
    def _has_momentum(self) -> bool:
        return isinstance(self.momentum, Tensor) or self.momentum != 0

    def init(self, parameters: Tensor) -> State:
        return {"velocity": torch.zeros_like(parameters)} if self._has_momentum else {}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        if isinstance(self.weight_decay, Tensor) or self.weight_decay != 0:
            gradients = gradients + self.weight_decay * parameters
        if self._has_momentum:
            velocity = state["velocity"].mul_(self.momentum).add_(gradients)
            gradients = gradients + self.momentum * velocity if self.nesterov else velocity
        descend(parameters, self.lr, gradients)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.SGD(  # type: ignore[no-any-return]
            parameters, lr=self.lr, momentum=self.momentum, nesterov=self.nesterov, weight_decay=self.weight_decay
        )
