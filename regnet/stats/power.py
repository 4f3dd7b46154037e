"""Power: which gaps a test finds often or seldom with the seeds that there are, by simulation from their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from math import comb, inf, nan, sqrt
from typing import Final

import numpy as np
from scipy.special import ndtri, stdtrit

from regnet.stats.difference import standard_error
from regnet.stats.outlying import far
from regnet.stats.pairing import Matched
from regnet.stats.rules import Test

OFTEN: Final = 0.8
"""The usual power: found 4 times in 5."""
SELDOM: Final = 1 - OFTEN
"""Missed 4 times in 5."""
REPEATS: Final = 1000
"""The number of simulated experiments; a fifth of it for samples of hundreds, whose values are all compared with each other."""
AT_ONCE: Final = 1_000_000
"""How many pairs of values are ordered at once, which takes some ten megabytes."""
EXACT: Final = 50
"""Up to this number of values the critical value of a rank test is exact."""


@dataclass(frozen=True)
class Power:
    """What a test of a difference could have found, if other seeds vary as these do; gaps are in the metric's units."""

    missed: float
    """A gap of this size or smaller is missed at least 4 times in 5."""
    found: float
    """A gap of this size is found 4 times in 5."""
    fewest: int | None = None
    """The fewest seeds of each study with which the test can show anything, if these are fewer; both gaps are infinite then."""
    far: int = 0
    """How many values, or paired differences, are far from the rest. If any is, the gaps of a test of means depend on how rare such
    runs are, which a few of them do not show: both are NaN then."""


def power(matched: Matched, test: Test, alpha: float) -> Power:
    """Return the power of a two-sided test at `alpha`, for samples that vary.

    A simulated experiment draws its values from those of the samples, moved so that there is no difference: from the differences if
    paired, else from each sample. In each experiment, a test finds every gap above a certain size, which follows from its values:
    above ``t(ν) s - d`` for the mean ``d`` and the standard error ``s``; above the Hodges–Lehmann bound for a rank test, a low one
    of the means of two differences or of the differences of two values. `missed` and `found` are those sizes' quantiles.

    Since few values show their own spread only roughly, each experiment's is ``√(ν / χ²(ν))`` times theirs, with their degrees of
    freedom ν: otherwise a gap that is said to be found 4 times in 5 would be found in 63 % for five normal values. The spread of
    values with long tails is known less well: for a test of means, ν is divided by ``(κ - 1) / 2``, with their kurtosis κ if it
    exceeds that of normal values, 3.

    The gaps are found as often as is said (75 to 85 %) by experiments without runs far from the rest, for values up to the skewness
    of error rates and of a log-normal distribution with σ = 0.5; with σ = 1, a test of means of 5 seeds finds `found` in 73 % and
    misses `missed` in 70 %. Of rare runs far away that are still unseen, such as dead networks, no sample says anything: if other
    seeds have them, a test of means finds `found` seldom.

    Sources: Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 25.4; Hodges and Lehmann, "Estimates of
    location based on rank tests", Ann. Math. Stat. 34 (1963); Box, "Non-normality and tests on variances", Biometrika 40 (1953),
    for κ.
    """
    if test == "rank" and (fewest := _fewest(matched, alpha)):
        return Power(inf, inf, fewest)
    if test == "mean" and (unlike := sum(len(far(sample)) for sample in _varying(matched))):
        return Power(nan, nan, far=unlike)
    rng = np.random.default_rng(0)
    bounds = (_bounds_of_means if test == "mean" else _bounds_of_ranks)(matched, alpha, rng)
    missed, found = np.quantile(np.concatenate([*bounds]), [SELDOM, OFTEN])
    return Power(max(float(missed), 0.0), float(found))


def _experiments(matched: Matched, test: Test, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return the values of simulated experiments without a difference, ``(E, n)``: differences if paired, else two samples."""
    samples = _varying(matched)
    tails = max(_kurtosis(samples), 3.0) if test == "mean" else 3.0
    freedom = sum(len(sample) - 1 for sample in samples) * 2 / (tails - 1)
    repeats = max(min(REPEATS, 2_000_000 // max(matched.sizes) ** 2), REPEATS // 5)
    drawn = [_drawn(sample, repeats, rng) for sample in samples]
    difference = matched.differences.mean() if test == "mean" else np.median(_sums(*samples))
    spread = np.sqrt(freedom / rng.chisquare(freedom, repeats))[:, None]
    return tuple((one - shift) * spread for one, shift in zip(drawn, (difference, 0.0), strict=False))


def _varying(matched: Matched) -> list[np.ndarray]:
    """Return the values whose spread a test uses: the differences if paired, else both samples."""
    return [matched.differences] if matched.paired else [matched.first, matched.second]


def _kurtosis(samples: list[np.ndarray]) -> float:
    """Return the kurtosis of the values around the means of their samples, 3 on average for a sample of normal values."""
    deviations = np.concatenate([sample - sample.mean() for sample in samples])
    n = len(deviations)
    return float((deviations**4).mean() / (deviations**2).mean() ** 2) * (n + 1) / (n - 1)


def _drawn(values: np.ndarray, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Return values drawn from a sample, ``(repeats, n)``, of the same mean and standard deviation on average."""
    n = len(values)
    chosen = rng.integers(0, n, (repeats, n))
    while len(same := np.flatnonzero(np.ptp(values[chosen], axis=1) == 0)) and np.ptp(values):
        chosen[same] = rng.integers(0, n, (len(same), n))  # without any spread, which few values can be by chance
    mean = values.mean()
    return np.asarray(mean + (values[chosen] - mean) * sqrt(n / (n - 1)))


def _sums(first: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    """Return the means of every two of the differences ``(..., n)``, or the differences of every two values, for a rank test."""
    if second is None:
        i, j = np.triu_indices(first.shape[-1])
        return np.asarray((first[..., i] + first[..., j]) / 2)
    return np.asarray((first[..., :, None] - second[..., None, :]).reshape(*first.shape[:-1], -1))


def _bounds_of_means(matched: Matched, alpha: float, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the sizes above which a t test finds a gap in either direction."""
    if matched.paired:
        (drawn,) = _experiments(matched, "mean", rng)
        mean, square, freedom = drawn.mean(1), drawn.var(1, ddof=1) / matched.independent[0], np.array(drawn.shape[1] - 1.0)
    else:
        both = _experiments(matched, "mean", rng)
        mean = both[0].mean(1) - both[1].mean(1)
        squares = [one.var(1, ddof=1) / size for one, size in zip(both, matched.independent, strict=True)]
        square = squares[0] + squares[1]
        parts = sum(each**2 / (one.shape[1] - 1) for each, one in zip(squares, both, strict=True))
        freedom = np.divide(square**2, parts, out=np.ones_like(square), where=square > 0)
    if matched.overlap:
        mean = mean + standard_error(matched)[0] * sqrt(_shared(matched)) * rng.standard_normal(len(mean))
    reach = stdtrit(freedom, 1 - alpha / 2) * np.sqrt(square)
    yield reach - mean
    yield reach + mean


def _shared(matched: Matched) -> float:
    """Return the share of the variance of a difference of means that resampling does not show: that of sharing examples."""
    overlap, n = matched.overlap, min(matched.sizes)
    return overlap / (1 / n + overlap)


def _bounds_of_ranks(matched: Matched, alpha: float, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the sizes above which a rank test finds a gap in either direction."""
    n, m = matched.sizes
    critical = critical_signed(n, alpha) if matched.paired else critical_sum(n, m, alpha)
    drawn = _experiments(matched, "rank", rng)
    parts = min(1 + len(drawn[0]) * n * m // AT_ONCE, len(drawn[0]))
    for samples in zip(*(np.array_split(sample, parts) for sample in drawn), strict=True):
        sums = _sums(*samples)
        other = sums.shape[-1] - 1 - critical
        ordered = np.partition(sums, [critical, other])
        yield -ordered[:, critical]
        yield ordered[:, other]


def _fewest(matched: Matched, alpha: float) -> int | None:
    """Return how many values of each sample a rank test needs to show anything, if there are fewer."""
    n, m = matched.sizes
    least = 2 / 2**n if matched.paired else 2 / comb(n + m, n)
    if least < alpha:
        return None
    return next(size for size in count(2) if (2 / 2**size if matched.paired else 2 / comb(2 * size, size)) < alpha)


@cache
def critical_signed(n: int, alpha: float) -> int:
    """Return the largest sum of the ranks of one sign with which Wilcoxon's test of n differences has a p below `alpha`."""
    if n > EXACT:
        return max(int(n * (n + 1) / 4 + float(ndtri(alpha / 2)) * sqrt(n * (n + 1) * (2 * n + 1) / 24)), 0)
    ways = np.ones(1)
    for rank in range(1, n + 1):
        ways = np.convolve(ways, np.eye(1, rank + 1)[0] + np.eye(1, rank + 1, rank)[0]) / 2
    return int(np.searchsorted(2 * np.cumsum(ways), alpha)) - 1


@cache
def critical_sum(n: int, m: int, alpha: float) -> int:
    """Return the largest number of pairs in one order with which Mann and Whitney's test has a p below `alpha`."""
    if n + m > EXACT:
        return max(int(n * m / 2 + float(ndtri(alpha / 2)) * sqrt(n * m * (n + m + 1) / 12)), 0)
    ways = [[np.ones(1)] * (m + 1)]  # of orders of i and j values, by the number of pairs in which the first is larger
    for i in range(1, n + 1):
        row = [np.ones(1)]
        for j in range(1, m + 1):
            last_is_first, last_is_second = np.concatenate([np.zeros(j), ways[i - 1][j]]), row[j - 1]
            total = np.zeros(i * j + 1)
            total[: len(last_is_first)] += last_is_first
            total[: len(last_is_second)] += last_is_second
            row.append(total)
        ways.append(row)
    return int(np.searchsorted(2 * np.cumsum(ways[n][m]) / comb(n + m, n), alpha)) - 1
