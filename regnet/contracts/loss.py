"""A loss: how far predictions are from targets, and in which direction to move them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import ModuleType
from typing import ClassVar, Literal, TypeAlias

from torch import Tensor

Coding: TypeAlias = Literal["signed", "one_hot", "index", "standardized", "values"]
"""How a target is encoded.

signed
    1 for the class and -1 for the others, ``(N, K)``.
one_hot
    1 for the class and 0 for the others, ``(N, K)``.
index
    the class's number, ``(N,)``.
standardized
    values less their mean, over their standard deviation, both of the training targets, ``(N, K)``.
values
    values as they are, ``(N, K)``.
"""


class Loss(ABC):
    """A differentiable function of a batch of predictions and their targets, with one value for each replica.

    `backward` must be the gradient of exactly what `forward` returns. Both are functions of the same two tensors, so that
    a training step, which does not need the value, need not compute it.
    """

    codings: ClassVar[tuple[Coding, ...]]
    """The target codings that the loss accepts; the first of each task is the preferred one."""

    @abstractmethod
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The loss ``(*R)`` of the predictions ``(*R, B, K)``; targets are ``(*R, B, K)``, or ``(*R, B)`` for class indices."""

    @abstractmethod
    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The gradient of `forward` with respect to the predictions, ``(*R, B, K)``."""

    def probabilities(self, prediction: Tensor) -> Tensor | None:
        """The probability of each class, ``(*R, N, K)``, for the outputs ``(*R, N, K)``; None if the loss defines none.

        Metrics such as the log loss need it.
        """
        return None

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor] | None:
        """PyTorch's counterpart for one replica, built from the given `torch.nn`; None if there is none."""
        return None
