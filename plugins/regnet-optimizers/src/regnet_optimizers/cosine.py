"""A learning-rate schedule that wraps an optimizer: a linear warm-up, then a decrease along half a cosine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import pi
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Ge, Interval
from torch import Tensor

from regnet import PER_REPLICA, BadOption, Optimizer, State

INNER = "optimizer."
"""The prefix of the names in the inner optimizer's state, so that they differ from the schedule's names."""


@dataclass(frozen=True)
class Cosine(Optimizer):
    """``θ ← θ + f (U(θ) - θ)``: the inner optimizer's step to ``U(θ)``, multiplied by the schedule's factor `f`.

    At step `t` from 0, with `W` steps of warm-up, `T` steps in all and the floor `c`::

        f = (t + 1) / (W + 1)                                 t < W
        f = c + (1 - c) ½ (1 + cos(π (t - W) / (T - W)))      W ≤ t < T
        f = c                                                 T ≤ t

    The wrapper does not use the learning rate: it interpolates between the old and the new parameters. If the inner step is
    proportional to `lr` and the inner state does not depend on `lr`, this equals multiplying `lr` by `f`, also for decoupled
    weight decay. That holds for regnet's own optimizers and for all in this package. The step of any other optimizer is scaled
    too, but its state refers to the unscaled steps.

    With a floor of 0, learning ends after `T` steps, so `T` should be the number of epochs times the batches in each.
    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation (5) without restarts;
    the warm-up: Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2.

    Args:
        optimizer: the inner optimizer, whose `lr` is the peak.
        total_steps: the number of steps until the floor is reached, `T`; above `warmup_steps`.
        warmup_steps: the number of steps before the peak, `W`.
        floor: the factor at the end, `c`, from 0 to 1.
    """

    optimizer: Optimizer
    total_steps: Annotated[int, Ge(1)]
    warmup_steps: Annotated[int, Ge(0)] = 0
    floor: Annotated[float, Interval(ge=0, le=1), PER_REPLICA] = 0.0

    def __post_init__(self) -> None:
        if self.total_steps <= self.warmup_steps:
            raise BadOption(
                f"optimizer cosine: total_steps must be above warmup_steps, which is {self.warmup_steps}; got {self.total_steps}"
            )

    def factor(self, step: Tensor) -> Tensor:
        """The schedule's `f` at a step, counted from 0."""
        warmed_up = ((step + 1) / (self.warmup_steps + 1)).clamp(max=1)
        progress = ((step - self.warmup_steps) / (self.total_steps - self.warmup_steps)).clamp(0, 1)
        return warmed_up * (self.floor + (1 - self.floor) * 0.5 * (1 + torch.cos(pi * progress)))

    def init(self, parameters: Tensor) -> State:
        return {"step": parameters.new_zeros(())} | _prefixed(self.optimizer.init(parameters))

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        before = parameters.clone()
        inner = {name.removeprefix(INNER): tensor for name, tensor in state.items() if name.startswith(INNER)}
        self.optimizer.update(parameters, gradients, inner)
        state |= _prefixed(inner)
        torch.lerp(before, parameters, self.factor(state["step"]).to(parameters), out=parameters)
        state["step"].add_(1)

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer | None:
        """The inner optimizer's counterpart with PyTorch's `LambdaLR`, which advances after each step."""
        if isinstance(self.optimizer, Cosine):
            return None  # two such schedulers on one optimizer would overwrite each other's factor instead of multiplying it
        inner = self.optimizer.torch_optimizer(optim, parameters)
        if inner is None:
            return None
        scheduler = optim.lr_scheduler.LambdaLR(inner, lambda step: self.factor(torch.tensor(step, dtype=torch.float64)).item())

        def advance(*_: Any) -> None:
            scheduler.step()

        inner.register_step_post_hook(advance)
        return inner


def _prefixed(inner: State) -> State:
    return {INNER + name: tensor for name, tensor in inner.items()}
