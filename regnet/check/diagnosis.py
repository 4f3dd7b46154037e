"""The most likely cause of a wrong tensor, found by trying common mistakes in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from regnet.check.patterns import alike, arrangement, missing_term, number, region, shape_cause

UNKNOWN = "no common mistake explains it: check the derivation and the code"
PRECISION = 1e-5
"""A relative error below this, where double precision is expected, comes from single precision."""


@dataclass(frozen=True)
class Clues:
    """What is known about the computation of a wrong tensor."""

    factors: Mapping[float, str] = field(default_factory=dict)
    """Factors by which a result is often off, such as the batch size, and what each would mean."""
    suspects: Sequence[tuple[str, Tensor]] = ()
    """The results of well-known mistakes, each after its description."""
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    """Tensors of which a multiple may be missing from the sum, by name."""
    given: Mapping[str, Tensor] = field(default_factory=dict)
    """Tensors of the same shape whose sign may decide where a result is wrong, by name."""


Test: TypeAlias = Callable[[Tensor, Tensor, Clues], str | None]


def diagnose(got: Tensor, expected: Tensor, clues: Clues | None = None) -> str:
    """The likely reason why `got` differs from `expected`: the first common mistake that explains every number of it."""
    clues = clues or Clues()
    got, expected = got.detach().double(), expected.detach().double()
    for words, tensor in clues.suspects:
        if tensor.shape == got.shape != expected.shape and alike(got, tensor.double()):
            return words
    if got.shape != expected.shape:
        return shape_cause(got, expected)
    return next(filter(None, (test(got, expected, clues) for test in TESTS)), UNKNOWN)


def _not_finite(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    if got.isfinite().all() or not expected.isfinite().all():
        return None
    return "not finite: a division by zero, the logarithm or root of a negative number, or an overflow"


def _zeros(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    if not got.any():
        return "all zeros: nothing is computed, or it is multiplied by zero"
    return "should be zero everywhere" if not expected.any() else None


def _precision(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    error = (got - expected).abs().max().item() / expected.abs().max().item()
    if error > PRECISION:
        return None
    return f"right up to a relative error of {error:.0e}: single precision or an approximation is used somewhere"


def _suspect(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    for words, tensor in clues.suspects:
        if alike(got, tensor.double()):
            wrong_region = region(got, expected, clues.given)
            return f"{words}; wrong only {wrong_region}" if wrong_region else words
    return None


def _factor(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    factor = ((got * expected).sum() / expected.square().sum()).item()
    if factor == 0 or not alike(got, factor * expected):
        return None
    if abs(factor + 1) < PRECISION:
        return "sign flipped"
    words = next((words for known, words in clues.factors.items() if abs(abs(factor) / known - 1) < PRECISION), "")
    if not words and expected.count_nonzero() < 2 and number(abs(factor)) not in ("2", "1/2"):
        return None  # any two numbers differ by some factor
    flipped = "sign flipped, and " if factor < 0 else ""
    return f"{flipped}off by a factor {number(abs(factor))}{': ' if words else ''}{words}"


def _arrangement(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    return arrangement(got, expected)


def _region(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    wrong_region = region(got, expected, clues.given)
    if not wrong_region:
        return None
    wrong = ~torch.isclose(got, expected, rtol=PRECISION, atol=0)
    inner = diagnose(got[wrong], expected[wrong], Clues(factors=clues.factors))
    return f"wrong only {wrong_region}" + (f", and there {inner}" if inner != UNKNOWN else "")


def _missing_term(got: Tensor, expected: Tensor, clues: Clues) -> str | None:
    return missing_term(got - expected, clues.terms)


TESTS: tuple[Test, ...] = (_not_finite, _zeros, _precision, _suspect, _factor, _arrangement, _missing_term, _region)
