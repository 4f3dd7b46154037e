"""Compare a tensor with the expected one: whether they agree, the first index where they differ, and the likely cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from regnet.check.diagnosis import Clues, diagnose
from regnet.check.finding import Finding, Index, Location


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may differ, relative to the expected ones and absolutely."""

    relative: float
    absolute: float


ROUNDING = Tolerance(1e-9, 1e-11)
"""For two implementations of the same computation in double precision."""
SLOPE = Tolerance(1e-5, 1e-6)
"""For central differences: see `regnet.check.finite_differences`."""
EXACT = Tolerance(0.0, 0.0)


def compare(
    location: Location,
    got: Tensor,
    expected: Tensor,
    *,
    clues: Callable[[], Clues] = Clues,
    tolerance: Tolerance = ROUNDING,
) -> Iterator[Finding]:
    """A finding if the tensors differ in shape or in any number, none otherwise; `clues` is called only if they differ."""
    if got.shape != expected.shape:
        yield location.shape_finding(expected.shape, got, diagnose(got, expected, clues()))
        return
    wrong = ~torch.isclose(got, expected.to(got.dtype), rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
    if wrong.any():
        index = first(wrong)
        got_text, expected_text = written(got[index].item(), expected[index].item())
        yield location.finding(expected_text, got_text, diagnose(got, expected, clues()), index, extent(wrong))


def where_judged(got: Tensor, expected: Tensor, judged: Tensor) -> Tensor:
    """`expected`, with the numbers of `got` wherever `judged` is false."""
    return torch.where(judged, expected, got) if got.shape == expected.shape else expected


def first(wrong: Tensor) -> Index:
    """The first wrong index, in row-major order."""
    return tuple(wrong.nonzero()[0].tolist())


def extent(wrong: Tensor) -> str:
    """How many numbers are wrong, in words."""
    return f"{int(wrong.sum())} of {wrong.numel()} numbers"


def written(got: float, expected: float) -> tuple[str, str]:
    """Two numbers as text, with as many digits as it takes for them to differ."""
    got, expected = got + 0.0, expected + 0.0  # turns -0.0 into 0.0
    for digits in (6, 10, 17):
        got_text, expected_text = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if got_text != expected_text:
            break
    return got_text, expected_text
