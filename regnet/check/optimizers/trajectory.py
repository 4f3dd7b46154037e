"""A walk: an optimizer's steps along gradients that are drawn beforehand, so that an error in one step does not bend the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import Situation, Violation, kind_of
from regnet.check.running import calling
from regnet.contracts import Optimizer, State

REPLICAS, SIZE, STEPS = 4, 6, 10
ANY = Situation(cause="init and update must work for a tensor of any shape")


@dataclass(frozen=True)
class Walk:
    """Where the steps led."""

    positions: list[Tensor]
    """The parameters before the first step and after each."""
    state: State

    @property
    def end(self) -> Tensor:
        return self.positions[-1]


def walk(optimizer: Optimizer, start: Tensor, gradients: list[Tensor], situation: Situation = ANY) -> Walk:
    """Steps from `start`, which is left as it is, along copies of the gradients."""
    parameters = start.clone()
    positions = [parameters.clone()]
    with torch.inference_mode():
        state = init(optimizer, parameters, situation)
        for gradient in gradients:
            update(optimizer, parameters, gradient.clone(), state, situation)
            positions.append(parameters.clone())
    return Walk(positions, state)


def init(optimizer: Optimizer, parameters: Tensor, situation: Situation = ANY) -> State:
    """The state before the first step.

    Raises:
        Violation: an error, or no dict of tensors.
    """
    with calling("init", situation):
        state: Any = optimizer.init(parameters)
    if not isinstance(state, dict):
        cause = "init returns the state by name, {} without memory"
        raise Violation("init()", "a dict of tensors", kind_of(state), cause, situation.during)
    return state


def update(optimizer: Optimizer, parameters: Tensor, gradients: Tensor, state: State, situation: Situation = ANY) -> object:
    """One step, in place; what is returned should be nothing.

    Raises:
        Violation: an error.
    """
    method: Any = optimizer.update
    with calling("update", situation):
        return method(parameters, gradients, state)


def start(*shape: int) -> Tensor:
    """Parameters to start from."""
    return normal(*shape, seed=1)


def drawn(*shape: int) -> list[Tensor]:
    """A gradient for each step."""
    return [normal(*shape, seed=100 + step) for step in range(STEPS)]


def normal(*shape: int, seed: int) -> Tensor:
    """Numbers from a normal distribution, in double precision."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
