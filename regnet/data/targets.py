"""Targets: code a data set's targets for a loss, and decode predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from regnet.contracts import Coding, Loss, Task
from regnet.errors import ConfigError, TargetError

TASK: dict[Coding, Task] = {
    "signed": "classification",
    "one_hot": "classification",
    "index": "classification",
    "standardized": "regression",
    "values": "regression",
}
"""The task of each coding.

signed
    1 for the class and -1 for the others, ``(N, K)``: the paper's, which fits its last Tanh.
one_hot
    1 for the class and 0 for the others, ``(N, K)``.
index
    the class's number, ``(N,)``.
standardized
    values minus their mean, divided by their standard deviation, both of the training targets, ``(N, K)``.
values
    values unchanged, ``(N, K)``.
"""


@dataclass(frozen=True)
class Targets:
    """A coding fitted to training targets."""

    coding: Coding
    width: int
    """The number of outputs that the network needs: the number of classes, or of values to predict."""
    offset: Tensor
    """What was subtracted from standardized values, ``(*R, 1, K)``; zero in every other coding."""
    scale: Tensor
    """What standardized values were divided by, ``(*R, 1, K)``; one in every other coding."""

    @property
    def task(self) -> Task:
        return TASK[self.coding]

    def encode(self, y: Tensor) -> Tensor:
        """Code class numbers ``(*R, N)`` or values ``(*R, N, K)`` for the loss."""
        match self.coding:
            case "signed":
                return 2 * _one_hot(y, self.width) - 1
            case "one_hot":
                return _one_hot(y, self.width)
            case "index":
                return y
            case _:
                return (y - self.offset) / self.scale

    def decode(self, prediction: Tensor) -> Tensor:
        """Turn predictions ``(*R, N, K)`` into class numbers ``(*R, N)``, or into values in the data set's units ``(*R, N, K)``."""
        if self.task == "classification":
            return prediction.argmax(-1)
        return prediction * self.scale + self.offset


def fit_targets(coding: Coding, y: Tensor, classes: int | None) -> Targets:
    """Fit a coding to training targets: class numbers ``(*R, N)``, or values ``(*R, N, K)``."""
    if classes is not None:
        return Targets(coding, classes, torch.zeros(()), torch.ones(()))
    mean = y.mean(-2, keepdim=True)
    scale = _or_one(y.std(-2, keepdim=True))
    if coding == "values":
        mean, scale = torch.zeros_like(mean), torch.ones_like(scale)
    return Targets(coding, y.shape[-1], mean, scale)


def choose_coding(wanted: str, loss: Loss, loss_name: str, task: Task) -> Coding:
    """Return the coding that was asked for or, with "auto", the loss's preferred coding for the task.

    Raises:
        ConfigError: there is no coding of that name.
        TargetError: the loss does not take it, or it is not for this task.
    """
    fitting = [coding for coding in loss.codings if TASK[coding] == task]
    if not fitting:
        takes = ", ".join(loss.codings)
        raise TargetError(f"loss {loss_name} cannot be used for {task}: it takes targets coded as {takes} only")
    if wanted == "auto":
        return fitting[0]
    if wanted not in get_args(Coding):
        raise ConfigError(f"unknown coding {wanted!r}: expected auto, {', '.join(get_args(Coding))}")
    if wanted not in fitting:
        raise TargetError(f"loss {loss_name} cannot take targets coded as {wanted!r} for {task}: set coding to auto or {fitting}")
    return next(coding for coding in fitting if coding == wanted)


def _one_hot(y: Tensor, classes: int) -> Tensor:
    return torch.zeros(*y.shape, classes).scatter_(-1, y.unsqueeze(-1), 1.0)


def _or_one(deviation: Tensor) -> Tensor:
    """Return the deviation, with 1 where it is 0 or NaN, so that scaling leaves a constant unchanged."""
    return torch.where(deviation > 0, deviation, 1.0)
