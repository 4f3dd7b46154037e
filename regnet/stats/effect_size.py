"""The effect size: a difference of means in standard deviations, comparable across metrics."""

from __future__ import annotations

from math import exp, sqrt

from scipy.special import gammaln

from regnet.stats.interval import Estimate, Interval
from regnet.stats.noncentral import noncentrality
from regnet.stats.pairing import Matched
from regnet.stats.summary import deviation


def hedges_g(matched: Matched, *, level: float = 0.95) -> Estimate | None:
    """Return Hedges' g of first minus second: Cohen's d without its bias, ``g = J(ν) d``; None if the spread is 0 or not known.

    Unpaired, ``d = (mean₁ - mean₂) / s`` with s pooled, ``ν = n₁ + n₂ - 2`` and ``N = n₁ n₂ / (n₁ + n₂)``. Paired, d is the mean of
    the n differences over their standard deviation (often called d_z), ``ν = n - 1`` and ``N = n``. In both cases
    ``J(ν) = Γ(ν/2) / (√(ν/2) Γ((ν - 1)/2))``, which needs ν ≥ 2; and ``t = √N d`` follows a noncentral t distribution. The interval
    is given by the noncentralities that put t at its tails. It is exact for the true d of normal values, if unpaired of the same
    spread. For splits of one pool, each n in N is ``1 / (1/n + overlap)``.

    Sources: Hedges, "Distribution theory for Glass's estimator of effect size", J. Educ. Stat. 6 (1981); Cumming and Finch,
    "A primer on confidence intervals based on noncentral distributions", Educ. Psychol. Meas. 61 (2001).
    """
    n, m = matched.sizes
    size, other = matched.independent
    freedom, size = (n - 1, size) if matched.paired else (n + m - 2, size * other / (size + other))
    if min(n, m) < 2 or freedom < 2:
        return None
    spread = deviation(matched.differences) if matched.paired else _pooled(matched)
    if spread == 0:
        return None
    d = float(matched.differences.mean()) / spread
    unbiased = exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2)) / sqrt(freedom / 2)
    low, high = (noncentrality(p, sqrt(size) * d, freedom) / sqrt(size) for p in ((1 + level) / 2, (1 - level) / 2))
    return Estimate(unbiased * d, Interval(low, high, level))


def _pooled(matched: Matched) -> float:
    n, m = matched.sizes
    squares = (n - 1) * deviation(matched.first) ** 2 + (m - 1) * deviation(matched.second) ** 2
    return sqrt(squares / (n + m - 2))
