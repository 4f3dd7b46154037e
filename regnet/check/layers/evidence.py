"""The evidence on a layer's gradients: the gradients and slopes at an input away from kinks."""

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
"""The number of inputs to try until one is away from every kink."""


@dataclass(frozen=True)
class Measured:
    """The hand-written gradients at one input, those by autograd, and the measured slopes, by name, with "" for the input."""

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
        """The gradients by autograd.

        Raises:
            Skip: autograd cannot differentiate forward.
        """
        return self.case.autograd(self.training, self.x, self.dy)

    @property
    def kinks(self) -> int:
        """The number of slopes that cannot be trusted."""
        return sum(int((~slope.smooth).sum()) for slope in self.slopes.values())

    @property
    def numbers(self) -> int:
        return sum(slope.smooth.numel() for slope in self.slopes.values())

    @property
    def is_smooth(self) -> bool:
        """Whether at least half of the slopes can be trusted, so that the others may be left out as kinks."""
        return self.kinks <= self.numbers // 2


Evidence: TypeAlias = Callable[[bool], Measured]
"""What was measured while training, or while predicting."""


def measure(case: LayerCase, training: bool) -> Measured:
    """Gradients and slopes at an input away from kinks, since at a kink no gradient is defined.

    Uses the first of several draws at which all slopes can be trusted (see `regnet.check.finite_differences`), or else the draw
    with the fewest slopes that cannot; these are then ignored.
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
    params = converted(case.params, x.dtype)
    moved = {"": x.clone(), **{name: tensor for name, tensor in named(params).items() if name in case.start.trained}}

    @torch.inference_mode()
    def weighted_output() -> Tensor:
        y, _ = case.forward(converted(params, x.dtype), moved[""].clone(), case.context(training), MODES[training])
        return (y * dy).sum()

    return {name: slopes(weighted_output, tensor) for name, tensor in moved.items()}
