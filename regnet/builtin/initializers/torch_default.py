"""PyTorch's default initialization, which the paper's baseline uses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from regnet.contracts import Initializer


@dataclass(frozen=True)
class TorchDefault(Initializer):
    """``W, b ~ U(-1/√F_in, 1/√F_in)``: the default of `torch.nn.Linear`, for the weight and for the bias.

    The weight's standard deviation is ``1 / √(3 F_in)``. Unlike with the other initializers, the bias is not zero.
    """

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return self._uniform((out_features, in_features), in_features, generator)

    def bias(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return self._uniform((out_features,), in_features, generator)

    def std(self, out_features: int, in_features: int) -> float:
        return 1 / math.sqrt(3 * in_features)

    def _uniform(self, shape: tuple[int, ...], in_features: int, generator: torch.Generator) -> Tensor:
        return (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(in_features)
