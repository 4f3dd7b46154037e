"""A layer: one step of a network, written once as mathematics and run for any number of seeds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor

from regnet.rng import Noise

Params: TypeAlias = dict[str, Any]
"""A tensor for each name; a layer made of layers holds one such dict for each inner layer."""


@dataclass(frozen=True)
class Buffer:
    """Marks a tensor in what `Layer.init` returns as state that is not trained, such as running statistics.

    `forward` finds the bare tensor under the same name and may write it in place while training; `backward` returns no
    gradient for it.
    """

    value: Tensor


@dataclass(frozen=True)
class Context:
    """What a forward pass may use besides its input."""

    training: bool
    """Whether this pass is part of training: then dropout drops, and batch norm uses the batch's statistics."""

    noise: Noise
    """Uniform random numbers, one stream for each replica."""


class Layer(ABC):
    """A differentiable function of a batch, with or without parameters.

    Write every method for the last two axes, ``(*R, B, F)``: `B` is the batch, `F` the features and `*R` either nothing or
    one replica axis in front. Name negative axes only (``dy.sum(-2)``, ``x.mT``), so that the same code works for many seeds.

    Keep nothing on `self` except the constructor's options, under their names. Pass what `backward` needs through the cache.
    """

    smallest_batch: ClassVar[int] = 1
    """The smallest number of examples that it can be trained on: 2 for one that needs their variance."""

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        """One replica's parameters, without a replica axis, and the number of output features.

        Draw from `generator` alone. Wrap state that is not trained in `Buffer`. A layer without parameters that keeps the
        number of features need not implement `init`. A layer that cannot take that many features raises `ShapeError`.
        """
        return {}, in_features

    @abstractmethod
    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        """The output ``(*R, B, F_out)`` for the input `x` ``(*R, B, F_in)``, and the cache that is passed to `backward`.

        Write plain tensor code that autograd can differentiate: the PyTorch engine does so if `torch_module` returns None, and
        the check compares `backward` with the result.
        """

    @abstractmethod
    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        """The loss's gradient with respect to the input, and with respect to each trained parameter, by name.

        `dy` is its gradient with respect to the output, ``(*R, B, F_out)``; the results have the shapes of `x` and of `params`.
        """

    def gradients(self, params: Params, cache: Any, dy: Tensor) -> Params:
        """The second half of what `backward` returns, for a layer whose input is the data, so that its gradient is not needed.

        Implement it only if leaving out the first half saves much time.
        """
        return self.backward(params, cache, dy)[1]

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module | None:
        """PyTorch's counterpart, built from the given `torch.nn`, for the baseline to use; None if there is none.

        Its parameters and buffers must have the names that `init` gives them.
        """
        return None
