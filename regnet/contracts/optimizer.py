"""An optimizer: what a gradient does to the parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import ModuleType
from typing import TypeAlias

import torch
from torch import Tensor

State: TypeAlias = dict[str, Tensor]
"""What an optimizer remembers from step to step: moments, and the number of steps as a tensor of no dimension."""


class Optimizer(ABC):
    """An update rule that treats every parameter alike.

    `parameters` is one tensor that holds all parameters of the network and of all replicas, so the update must work element
    by element. Numeric options marked `PER_REPLICA` may be tensors that broadcast against it.
    """

    def init(self, parameters: Tensor) -> State:
        """The state before the first step. An optimizer without memory needs none of its own."""
        return {}

    @abstractmethod
    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        """One step: writes `parameters` and `state` in place and leaves `gradients` as they are."""

    def torch_optimizer(self, optim: ModuleType, parameters: Iterable[Tensor]) -> torch.optim.Optimizer | None:
        """PyTorch's own counterpart, built from the given `torch.optim`, for the baseline; None where there is none."""
        return None
