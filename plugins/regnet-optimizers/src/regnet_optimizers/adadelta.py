"""Adadelta: the size of a step follows from the sizes of recent steps, not from a learning rate."""

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
class Adadelta(Optimizer):
    """``θ ← θ - lr d``, the step `d` in the parameters' own unit, from zero means::

        v ← ρ v + (1 - ρ) g²      d = g √(u + eps) / √(v + eps)      u ← ρ u + (1 - ρ) d²

    With weight decay ``g ← g + weight_decay θ`` first.
    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1, where `lr` is 1.

    Args:
        lr: a factor on each step, above 0.
        rho: decay of both mean squares, from 0 to 1.
        eps: determines the size of the first steps, above 0.
        weight_decay: weight decay coefficient, at least 0.
    """

    lr: Annotated[float, Gt(0), PER_REPLICA] = 1.0
    rho: Annotated[float, Interval(ge=0, le=1), PER_REPLICA] = 0.9
    eps: Annotated[float, Gt(0), PER_REPLICA] = 1e-6
    weight_decay: Annotated[float, Ge(0), PER_REPLICA] = 0.0

    def init(self, parameters: Tensor) -> State:
        return {"square": torch.zeros_like(parameters), "step_square": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        gradients = gradients + self.weight_decay * parameters
        square = state["square"].mul_(self.rho).add_(complement(self.rho, gradients.dtype) * gradients.square())
        step = gradients * (state["step_square"] + self.eps).sqrt() / (square + self.eps).sqrt()
        state["step_square"].mul_(self.rho).add_(complement(self.rho, gradients.dtype) * step.square())
        descend(parameters, self.lr, step)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.Adadelta(  # type: ignore[no-any-return]
            parameters, lr=self.lr, rho=self.rho, eps=self.eps, weight_decay=self.weight_decay
        )
