"""Two tensors that should be the same: whether they are, where they are not first, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from regnet.check.diagnosis import Clues, diagnose
from regnet.check.finding import Finding, Index, Place


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may be apart, relative to what is expected and absolutely."""

    relative: float
    absolute: float


ROUNDING = Tolerance(1e-9, 1e-11)
"""Two ways of computing the same in double precision."""
SLOPE = Tolerance(1e-5, 1e-6)
"""Central differences are right to about this much: see `regnet.check.finite_differences`."""
EXACT = Tolerance(0.0, 0.0)


def compare(
    place: Place,
    got: Tensor,
    expected: Tensor,
    *,
    clues: Callable[[], Clues] = Clues,
    tolerance: Tolerance = ROUNDING,
) -> Iterator[Finding]:
    """A finding if the tensors differ in shape or in any number, none otherwise; `clues` are asked for only then."""
    if got.shape != expected.shape:
        yield place.shape_finding(expected.shape, got, diagnose(got, expected, clues()))
        return
    wrong = ~torch.isclose(got, expected.to(got.dtype), rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
    if wrong.any():
        index = first(wrong)
        here, there = written(got[index].item(), expected[index].item())
        yield place.finding(there, here, diagnose(got, expected, clues()), index, extent(wrong))


def where_judged(got: Tensor, expected: Tensor, judged: Tensor) -> Tensor:
    """What is expected, with what was got wherever it is not to be judged."""
    return torch.where(judged, expected, got) if got.shape == expected.shape else expected


def first(wrong: Tensor) -> Index:
    """The first place that is wrong, in the order in which a tensor is read."""
    return tuple(wrong.nonzero()[0].tolist())


def extent(wrong: Tensor) -> str:
    """How many numbers are wrong, in words."""
    return f"{int(wrong.sum())} of {wrong.numel()} numbers"


def written(got: float, expected: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    got, expected = got + 0.0, expected + 0.0  # zero has no sign here
    for digits in (6, 10, 17):
        here, there = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if here != there:
            break
    return here, there
