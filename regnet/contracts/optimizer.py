"""An optimizer: how a gradient changes the parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import ModuleType
from typing import TypeAlias

import torch
from torch import Tensor

State: TypeAlias = dict[str, Tensor]
"""What an optimizer keeps from step to step: moments, and the number of steps as a tensor without dimensions."""


class Optimizer(ABC):
    """An update rule, the same for every parameter.

    `parameters` is one tensor that holds all parameters of the network and of all replicas, so the update must work element
    by element. Numeric options marked `PER_REPLICA` may be tensors that broadcast against it.
    """

    def init(self, parameters: Tensor) -> State:
        """The state before the first step. An optimizer without state need not implement `init`."""
        return {}

    @abstractmethod
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        """Take one step: update `parameters` and `state` in place, and leave `gradients` unchanged."""

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer | None:
        """PyTorch's counterpart, built from the given `torch.optim`, for the baseline to use; None if there is none."""
        return None
