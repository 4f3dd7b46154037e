"""Power: how large a difference a t test finds, how often, and with how many seeds."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import sqrt

from scipy.special import stdtrit

from regnet.stats.difference import Difference
from regnet.stats.noncentral import noncentrality

OFTEN = 0.8
"""The power that is usually asked for: found 4 times in 5."""
SELDOM = 1 - OFTEN
"""Missed 4 times in 5."""
MOST_SEEDS = 1_000_000
"""Beyond these, the number of seeds is not worth telling."""


@dataclass(frozen=True)
class Power:
    """What a test of a difference could have found; gaps are in the metric's own units."""

    missed: float
    """A gap of this size, and so any smaller one, is missed at least 4 times in 5."""
    found: float
    """A gap of this size is found 4 times in 5."""
    needed: int | None
    """How many seeds of each study it takes to find 4 times in 5 a gap as large as this sample shows; None if over a million."""


def power(seen: Difference, n: int, alpha: float) -> Power | None:
    """The power of a two-sided t test at `alpha` on as many values, n of each (of two sizes, the smaller); None without a spread.

    With the standard error s and ν degrees of freedom, a true gap g puts t around a noncentrality of ``g / s``, so
    ``power = P(T(ν, g / s) > t(ν))`` at ``1 - α/2``; the far tail, negligible above a power of 0.2, is left out. With k times as
    many seeds s is ``√k`` times smaller and ν grows like ``k n - 1``. The spread is taken to be what it is in these samples. A rank
    test takes 5 % more seeds for normal values, and fewer where some lie far out.

    Source: Cohen, "Statistical power analysis for the behavioral sciences", 1988.
    """
    if not seen.judged:
        return None
    t = abs(seen.means.value) / seen.standard_error

    def enough(seeds: int) -> bool:
        return t * sqrt(seeds / n) >= _distance(OFTEN, seen.freedom * (seeds - 1) / (n - 1), alpha)

    needed = bisect_left(range(MOST_SEEDS), True, lo=2, key=enough)
    return Power(
        missed=_distance(SELDOM, seen.freedom, alpha) * seen.standard_error,
        found=_distance(OFTEN, seen.freedom, alpha) * seen.standard_error,
        needed=needed if needed < MOST_SEEDS else None,
    )


def _distance(often: float, freedom: float, alpha: float) -> float:
    """How many standard errors a gap has to be wide to be found so often."""
    return noncentrality(1 - often, float(stdtrit(freedom, 1 - alpha / 2)), freedom)
