"""Central differences: measure the slope of a function by small steps, independently of autograd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STEP = 1e-4
DISAGREEMENT = 1e-6
"""How far the slopes over two step lengths may differ, relative to one plus the slope's size."""
BEND = 1e-2
"""How much the slopes on the two sides of a point may differ, relative to one plus the slope's size."""


@dataclass(frozen=True)
class Slopes:
    """The slope of a function in the direction of each number of a tensor."""

    values: Tensor
    smooth: Tensor
    """True where the slope can be trusted: not at a kink or a jump, nor within a step of one."""


def slopes(function: Callable[[], Tensor], moved: Tensor) -> Slopes:
    """The derivative of `function`, a single number in double precision, with respect to each number of `moved`.

    `moved` is written in place and restored. Differences over a step h and over h/2 are combined to cancel the error of order
    h² (Richardson). They also show where there is no slope to measure. Within a step of a kink, as a rectifier has at 0, the
    two disagree. Exactly at a kink they agree on the mean of the slopes on both sides; there the two sides differ, however
    small the step, while for a smooth function they differ by h times its curvature. Such points are no evidence against a
    gradient, so they are marked.
    """
    values, smooth = torch.empty_like(moved), torch.empty_like(moved, dtype=torch.bool)
    flat, flat_values, flat_smooth = moved.view(-1), values.view(-1), smooth.view(-1)
    middle = function().item()
    for index in range(flat.numel()):
        start = flat[index].item()

        def at(distance: float, index: int = index, start: float = start) -> float:
            flat[index] = start + distance
            return function().item()

        above, below = at(STEP), at(-STEP)
        wide, narrow = (above - below) / (2 * STEP), (at(STEP / 2) - at(-STEP / 2)) / STEP
        flat[index] = start
        size = 1 + abs(narrow)
        flat_values[index] = (4 * narrow - wide) / 3
        flat_smooth[index] = abs(narrow - wide) < DISAGREEMENT * size and abs(above - 2 * middle + below) / STEP < BEND * size
    return Slopes(values, smooth)
