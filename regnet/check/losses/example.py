"""Predictions and targets to try a loss on, and calls of its two methods that turn errors into violations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import torch
from torch import Tensor, nn

from regnet.check.finding import Situation, Violation, kind_of
from regnet.check.running import calling
from regnet.contracts import Coding, Loss
from regnet.data.targets import TASK

BATCH, OUTPUTS, REPLICAS = 7, 3, 4
"""Different sizes, so that confused axes are noticed."""


@dataclass(frozen=True)
class Example:
    """Predictions ``(*R, B, K)`` and targets in one coding."""

    coding: Coding
    prediction: Tensor
    target: Tensor

    @property
    def during(self) -> str:
        return f"coding {self.coding}"

    def to(self, dtype: torch.dtype) -> Example:
        """The same example in another precision; class numbers stay integers."""
        target = self.target.to(dtype) if self.target.is_floating_point() else self.target
        return Example(self.coding, self.prediction.to(dtype), target)

    def copy(self) -> Example:
        return Example(self.coding, self.prediction.clone(), self.target.clone())

    def part(self, *index: int | slice) -> Example:
        """The part at this index: one replica, or some examples."""
        return Example(self.coding, self.prediction[index], self.target[index])

    @property
    def full_target(self) -> Tensor:
        """The target with an axis for the outputs; class numbers are one-hot encoded."""
        if self.target.is_floating_point():
            return self.target
        return nn.functional.one_hot(self.target, self.prediction.shape[-1]).to(self.prediction.dtype)


def example(coding: Coding, *shape: int, seed: int = 1) -> Example:
    """Random predictions of the given shape, and targets in the given coding."""
    generator = torch.Generator().manual_seed(seed)
    prediction = 2 * torch.randn(shape, generator=generator, dtype=torch.float64)
    if TASK[coding] == "regression":
        return Example(coding, prediction, torch.randn(shape, generator=generator, dtype=torch.float64))
    numbers = torch.randint(shape[-1], shape[:-1], generator=generator)
    one_hot = nn.functional.one_hot(numbers, shape[-1]).double()
    return Example(coding, prediction, {"index": numbers, "one_hot": one_hot}.get(coding, 2 * one_hot - 1))


def codings(loss: Loss) -> tuple[Coding, ...]:
    """The codings that the loss declares.

    Raises:
        Violation: the loss declares none, or an unknown one.
    """
    known = get_args(Coding)
    found: Any = getattr(loss, "codings", None)
    if not isinstance(found, (tuple, list)) or not found or any(coding not in known for coding in map(str, found)):
        cause = "a loss declares the target codings it accepts: codings: ClassVar = (...)"
        raise Violation("codings", f"some of {', '.join(known)}", repr(found), cause)
    return tuple(found)


def value(loss: Loss, at: Example, during: str = "", *, copy: bool = True) -> Tensor:
    """The result of `forward`, on copies of the tensors unless `copy` is false.

    Raises:
        Violation: `forward` raises an error, or returns something other than a tensor.
    """
    return _call(loss, "forward", at.copy() if copy else at, during or at.during)


def gradient(loss: Loss, at: Example, during: str = "", *, copy: bool = True) -> Tensor:
    """The result of `backward`, on copies of the tensors unless `copy` is false.

    Raises:
        Violation: `backward` raises an error, or returns something other than a tensor.
    """
    return _call(loss, "backward", at.copy() if copy else at, during or at.during)


def _call(loss: Loss, method: str, at: Example, during: str) -> Tensor:
    cause = f"the loss declares the coding {at.coding!r}: it must accept any batch of such targets"
    with calling(method, Situation(during, cause)), torch.inference_mode():
        found: Any = getattr(loss, method)(at.prediction, at.target)
    if not isinstance(found, Tensor):
        raise Violation(f"{method}()", "a tensor", kind_of(found), f"{method} returns a tensor", during)
    return found


def each_coding(loss: Loss, *shape: int) -> Iterator[Example]:
    """An example of the given shape in every coding that the loss declares."""
    for coding in codings(loss):
        yield example(coding, *shape)
