"""An initializer: the parameters that training starts from."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Initializer(ABC):
    """A distribution for the weights of a layer that maps `in_features` to `out_features`."""

    @abstractmethod
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        """A weight matrix ``(out_features, in_features)``, drawn from `generator` alone."""

    def std(self, out_features: int, in_features: int) -> float | None:
        """The standard deviation of a weight for these sizes, which the check verifies; None to claim nothing."""
        return None

    def bias(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        """A bias ``(out_features,)``: by default zeros (the paper's equation (3))."""
        return torch.zeros(out_features)
