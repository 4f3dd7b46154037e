"""Sums and signs that keep what torch's own lose: the digits of small terms, and NaN."""

from __future__ import annotations

import torch
from torch import Tensor


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1; NaN for NaN, where `torch.sign` gives 0."""
    return torch.where(x.isnan(), x, x.sign())


def sum_of_three(a: Tensor | float, b: Tensor, c: Tensor) -> Tensor:
    """``a + b + c``, rounded about once: the rounding errors of both additions are computed and added.

    For example 1 - 1 + 1e-20 in any order, where plain addition can give 0. Source: Knuth, "The art of computer programming",
    volume 2, section 4.2.2, theorem B.
    """
    first, first_error = _add(a, b)
    second, second_error = _add(first, c)
    return second + (first_error + second_error)


def _add(a: Tensor | float, b: Tensor) -> tuple[Tensor, Tensor]:
    """The rounded sum, and its exact rounding error; 0 where the sum is not finite."""
    total = a + b
    of_b = total - a
    return total, ((a - (total - of_b)) + (b - of_b)).nan_to_num(0.0, 0.0, 0.0)
