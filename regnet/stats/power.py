"""Power: how often a t test finds a difference of a given size, with a given number of seeds."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import sqrt

from scipy.special import stdtrit

from regnet.stats.difference import Difference
from regnet.stats.noncentral import noncentrality

OFTEN = 0.8
"""The usual power: found 4 times in 5."""
SELDOM = 1 - OFTEN
"""Missed 4 times in 5."""
MOST_SEEDS = 1_000_000
"""A larger number of seeds is reported only as larger than this."""


@dataclass(frozen=True)
class Power:
    """What a test of a difference could have found; gaps are in the metric's units."""

    missed: float
    """A gap of this size or smaller is missed at least 4 times in 5."""
    found: float
    """A gap of this size is found 4 times in 5."""
    needed: int | None
    """The number of seeds of each study needed to find a gap of the size seen here 4 times in 5; None if over a million."""


def power(seen: Difference, n: int, alpha: float) -> Power | None:
    """Return the power of a two-sided t test at `alpha` with n values in each sample (the smaller n of two); None without a spread.

    With the standard error s and ν degrees of freedom, a true gap g gives t a noncentrality of ``g / s``, so
    ``power = P(T(ν, g / s) > t(ν))`` at ``1 - α/2``; the far tail is left out, negligible above a power of 0.2. With k times as
    many seeds, s is ``√k`` times smaller and ν grows like ``k n - 1``. The true spread is assumed to equal that of these samples. A
    rank test needs 5 % more seeds for normal values, and fewer if there are outliers.

    Source: Cohen, "Statistical power analysis for the behavioral sciences", 1988.
    """
    if not seen.varies:
        return None
    t = abs(seen.means.value) / seen.standard_error

    def is_enough(seeds: int) -> bool:
        return t * sqrt(seeds / n) >= _distance(OFTEN, seen.freedom * (seeds - 1) / (n - 1), alpha)

    needed = bisect_left(range(MOST_SEEDS), True, lo=2, key=is_enough)
    return Power(
        missed=_distance(SELDOM, seen.freedom, alpha) * seen.standard_error,
        found=_distance(OFTEN, seen.freedom, alpha) * seen.standard_error,
        needed=needed if needed < MOST_SEEDS else None,
    )


def _distance(often: float, freedom: float, alpha: float) -> float:
    """Return the gap, in standard errors, that is found with probability `often`."""
    return noncentrality(1 - often, float(stdtrit(freedom, 1 - alpha / 2)), freedom)
