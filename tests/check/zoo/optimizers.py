"""Wrong optimizers, and the correct one that they are derived from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import (
    PER_REPLICA,
    Optimizer,
    State,
)
from tests.check.zoo.specimen import wrong


@dataclass(frozen=True)
class SGD(Optimizer):
    """Correct: the base of wrong components."""

    lr: Annotated[float, PER_REPLICA] = 0.1

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.sub_(self.lr * gradients)


@wrong(Property.PURITY, "gradients", "update writes into it", index=(0,))
class WritesGradients(SGD):
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.sub_(gradients.mul_(self.lr))


@wrong(Property.ELEMENTWISE, "parameters", "a norm or mean over the whole tensor mixes the replicas", index=(0, 0), only=False)
@dataclass(frozen=True)
class NormOfEverything(SGD):
    lr: float = 0.1

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.sub_(self.lr * gradients / gradients.norm())


@wrong(Property.ELEMENTWISE, "parameters", "a norm or mean over the whole tensor mixes the replicas", index=(0,))
class NormOfTheLastAxis(SGD):
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.sub_(self.lr * gradients / gradients.norm(dim=-1, keepdim=True))


@wrong(Property.DESCENT, "change of the parameters", "sign flipped")
class Uphill(SGD):
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.add_(self.lr * gradients)


@wrong(Property.IN_PLACE, "parameters", "update must write into the parameters in place")
class ReturnsParameters(SGD):
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> Any:
        return parameters - self.lr * gradients


@wrong(Property.IN_PLACE, "parameters", "replaces the parameters' memory")
class ReplacesTheMemory(SGD):
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.data = parameters - self.lr * gradients


@wrong(Property.STATE, "state['step']", "the state must be tensors")
class CountsInNumbers(SGD):
    def init(self, parameters: Tensor) -> Any:
        return {"step": 0}

    def update(self, parameters: Tensor, gradients: Tensor, state: Any) -> None:
        state["step"] += 1
        super().update(parameters, gradients, state)


@wrong(Property.STATELESS, "self.velocity", "keep what is needed from step to step in the state", only=False)
class RemembersOnSelf(Optimizer):
    velocity: Tensor

    def init(self, parameters: Tensor) -> State:
        self.velocity = torch.zeros_like(parameters)
        return {}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        self.velocity.mul_(0.9).add_(gradients)
        parameters.sub_(0.1 * self.velocity)


@wrong(Property.REPLICA_OPTIONS, "update()", "used as a boolean")
class ComparesItsRate(SGD):
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        if self.lr > 0:
            parameters.sub_(self.lr * gradients)


@wrong(
    Property.REPLICA_OPTIONS,
    "update()",
    "options lr, weight_decay together",
    during="options lr, weight_decay together as a tensor (R, 1), after 10 steps",
)
@dataclass(frozen=True)
class AcceptsOneTensorOption(SGD):
    weight_decay: Annotated[float, PER_REPLICA] = 0.0

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        if isinstance(self.weight_decay, Tensor):
            parameters.sub_(gradients + self.weight_decay * parameters, alpha=self.lr)
        else:
            parameters.sub_(self.lr * (gradients + self.weight_decay * parameters))


@wrong(Property.COUNTERPART, "change of the parameters", "", index=(0,), during="step 1 of 10")
@dataclass(frozen=True)
class EpsInsideTheRoot(Optimizer):
    """Off by 1e-8 of a step."""

    lr: float = 0.01

    def init(self, parameters: Tensor) -> State:
        return {"square": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        square = state["square"].mul_(0.99).add_(0.01 * gradients.square())
        parameters.sub_(self.lr * gradients / (square + 1e-8).sqrt())

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.RMSprop(parameters, lr=self.lr)  # type: ignore[no-any-return]


@wrong(Property.COUNTERPART, "change of the parameters", "the bias correction of a running mean", index=(0,), during="step 1 of 10")
@dataclass(frozen=True)
class AdamWithoutCorrection(Optimizer):
    lr: float = 0.01

    def init(self, parameters: Tensor) -> State:
        return {"mean": torch.zeros_like(parameters), "square": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        mean = state["mean"].mul_(0.9).add_(0.1 * gradients)
        square = state["square"].mul_(0.999).add_(0.001 * gradients.square())
        parameters.sub_(self.lr * mean / (square.sqrt() + 1e-8))

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.Adam(parameters, lr=self.lr)  # type: ignore[no-any-return]


@wrong(Property.COUNTERPART, "change of the parameters", "the first step is right: the state is wrong", during="step 2 of 10")
@dataclass(frozen=True)
class MomentumThatForgets(Optimizer):
    lr: float = 0.01

    def init(self, parameters: Tensor) -> State:
        return {"velocity": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        parameters.sub_(self.lr * state["velocity"].mul_(0.8).add_(gradients))

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        return optim.SGD(parameters, lr=self.lr, momentum=0.9)  # type: ignore[no-any-return]
