"""Central differences: the slope of a function measured by taking small steps, which knows nothing of autograd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STEP = 1e-4
DISAGREEMENT = 1e-6
"""How far the slopes over two lengths of step may be apart, relative to one more than the slope."""
BEND = 1e-2
"""How much the slopes on the two sides of a point may differ, relative likewise."""


@dataclass(frozen=True)
class Slopes:
    """The slope of a function in the direction of each number of a tensor."""

    values: Tensor
    smooth: Tensor
    """Where the slope can be trusted: not at, or within a step of, a kink or a jump."""


def slopes(function: Callable[[], Tensor], moved: Tensor) -> Slopes:
    """How `function`, a single number of double precision, changes with each number of `moved`, which is written and restored.

    Differences over a step h and over h/2 are combined to cancel the error of order h² (Richardson). They also tell where
    there is no slope to measure. Within a step of a kink, as a rectifier has at 0, the two disagree. Exactly at a kink they
    agree on the mean of the slopes on both sides; there the two sides differ, however small the step, while for a smooth
    function they differ by h times its curvature. Such points are no evidence against a gradient, so they are marked.
    """
    values, smooth = torch.empty_like(moved), torch.empty_like(moved, dtype=torch.bool)
    flat, flat_values, flat_smooth = moved.view(-1), values.view(-1), smooth.view(-1)
    here = function().item()
    for place in range(flat.numel()):
        start = flat[place].item()

        def at(distance: float, place: int = place, start: float = start) -> float:
            flat[place] = start + distance
            return function().item()

        above, below = at(STEP), at(-STEP)
        wide, narrow = (above - below) / (2 * STEP), (at(STEP / 2) - at(-STEP / 2)) / STEP
        flat[place] = start
        size = 1 + abs(narrow)
        flat_values[place] = (4 * narrow - wide) / 3
        flat_smooth[place] = abs(narrow - wide) < DISAGREEMENT * size and abs(above - 2 * here + below) / STEP < BEND * size
    return Slopes(values, smooth)
