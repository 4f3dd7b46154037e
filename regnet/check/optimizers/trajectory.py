"""An optimizer's steps along gradients that are drawn beforehand, so that a wrong step does not affect the next gradient."""

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
class Trajectory:
    """The parameters and the state after some steps."""

    positions: list[Tensor]
    """The parameters before the first step and after each."""
    state: State

    @property
    def end(self) -> Tensor:
        return self.positions[-1]


def take_steps(optimizer: Optimizer, start: Tensor, gradients: list[Tensor], situation: Situation = ANY) -> Trajectory:
    """Take a step from `start` along each gradient; neither `start` nor the gradients are changed."""
    parameters = start.clone()
    positions = [parameters.clone()]
    with torch.inference_mode():
        state = init(optimizer, parameters, situation)
        for gradient in gradients:
            update(optimizer, parameters, gradient.clone(), state, situation)
            positions.append(parameters.clone())
    return Trajectory(positions, state)


def init(optimizer: Optimizer, parameters: Tensor, situation: Situation = ANY) -> State:
    """The state before the first step.

    Raises:
        Violation: `init` raises an error, or returns something other than a dict.
    """
    with calling("init", situation):
        state: Any = optimizer.init(parameters)
    if not isinstance(state, dict):
        cause = "init returns the state by name, {} if there is none"
        raise Violation("init()", "a dict of tensors", kind_of(state), cause, situation.during)
    return state


def update(optimizer: Optimizer, parameters: Tensor, gradients: Tensor, state: State, situation: Situation = ANY) -> object:
    """Take one step in place; return what `update` returns, which should be None.

    Raises:
        Violation: `update` raises an error.
    """
    method: Any = optimizer.update
    with calling("update", situation):
        return method(parameters, gradients, state)


def start(*shape: int) -> Tensor:
    """Random parameters to start from."""
    return normal(*shape, seed=1)


def drawn(*shape: int) -> list[Tensor]:
    """A random gradient for each step."""
    return [normal(*shape, seed=100 + step) for step in range(STEPS)]


def normal(*shape: int, seed: int) -> Tensor:
    """Numbers from a normal distribution, in double precision."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
