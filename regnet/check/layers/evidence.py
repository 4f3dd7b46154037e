"""What the gradients of a layer are judged by: one input away from kinks, and the gradients and slopes at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import torch
from torch import Tensor

from regnet.check.finite_differences import Slopes, slopes
from regnet.check.layers.case import BATCH, MODES, LayerCase, Pass, normal
from regnet.check.layers.start import converted, named

DRAWS = 8
"""Inputs to try until one is found that is away from every kink."""


@dataclass(frozen=True)
class Measured:
    """The hand-written gradients at one input, what autograd makes of it, and the measured slopes, by name: "" is the input."""

    case: LayerCase
    training: bool
    x: Tensor
    dy: Tensor
    passed: Pass
    slopes: dict[str, Slopes]

    @property
    def during(self) -> str:
        return MODES[self.training].during

    @property
    def y(self) -> Tensor:
        return self.passed.y

    @property
    def hand(self) -> dict[str, Tensor]:
        return self.passed.gradients

    @cached_property
    def autograd(self) -> dict[str, Tensor]:
        """Raises Skip if autograd cannot differentiate forward."""
        return self.case.autograd(self.training, self.x, self.dy)

    @property
    def kinks(self) -> int:
        """How many slopes cannot be trusted."""
        return sum(int((~one.smooth).sum()) for one in self.slopes.values())

    @property
    def numbers(self) -> int:
        return sum(one.smooth.numel() for one in self.slopes.values())

    @property
    def is_smooth(self) -> bool:
        """Whether most slopes can be trusted, so that the others are kinks one may leave out."""
        return self.kinks <= self.numbers // 2


Evidence: TypeAlias = Callable[[bool], Measured]
"""What was measured while training, or while predicting."""


def measure(case: LayerCase, training: bool) -> Measured:
    """Gradients and slopes at an input away from kinks, where there is no gradient to be right about.

    Of several draws the first is taken at which all slopes can be trusted (see `regnet.check.finite_differences`), or else the one
    with the fewest that cannot, which then do not count.
    """
    best: Measured | None = None
    for seed in range(1, DRAWS + 1):
        x = normal(BATCH, case.in_features, seed=seed)
        dy = case.dy_for(x)
        found = Measured(case, training, x, dy, case.run(case.context(training), x, dy), _slopes(case, x, dy, training))
        best = found if best is None or found.kinks < best.kinks else best
        if not best.kinks or not found.is_smooth:
            break
    assert best is not None
    return best


def _slopes(case: LayerCase, x: Tensor, dy: Tensor, training: bool) -> dict[str, Slopes]:
    own = converted(case.params, x.dtype)
    moved = {"": x.clone(), **{name: tensor for name, tensor in named(own).items() if name in case.start.trained}}

    @torch.inference_mode()
    def weighted_output() -> Tensor:
        y, _ = case.forward(converted(own, x.dtype), moved[""].clone(), case.context(training), MODES[training])
        return (y * dy).sum()

    return {name: slopes(weighted_output, tensor) for name, tensor in moved.items()}
