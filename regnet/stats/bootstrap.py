"""The bootstrap: an interval for a mean, from resamples of the sample itself."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, stdtrit

from regnet.stats.interval import Interval
from regnet.stats.sample import SampleError

RESAMPLES = 9_999


def fewest(level: float) -> int:
    """Return how many values an interval at this level needs: with n values, it can reach a level of ``1 - 2^(1 - n)`` at most.

    The mean of a resample lies within the sample's range. For a symmetric distribution, that range contains the center with
    probability ``1 - 2^(1 - n)``: it does not if all n values fall on one side of the center.
    """
    return 1 + math.ceil(-math.log2(1 - level))


def bootstrap_interval(
    values: np.ndarray, rng: np.random.Generator, *, level: float = 0.95, resamples: int = RESAMPLES
) -> Interval:
    """Return the bias-corrected and accelerated (BCa) interval for the mean, expanded for small samples, within the sample's range.

    BCa takes the quantiles of the resampled mean at ``Φ(b + (b + z) / (1 - a (b + z)))``, where b is the resamples' bias and a
    the acceleration, from the jackknife. This alone is too narrow when n is small: the spread of a resample is too small by
    ``√((n - 1) / n)``, and its tails are normal, not Student's. So ``z = -√(n / (n - 1)) t(n - 1)`` at half of ``1 - level``.

    Args:
        values: one number for each run, ``(n,)``.
        rng: draws the resamples.
        level: how often such an interval covers the true mean.
        resamples: the number of resamples.

    Raises:
        SampleError: there are too few values for the level.

    Sources: Efron, "Better bootstrap confidence intervals", JASA 82 (1987); Hesterberg, "What teachers should know
    about the bootstrap", The American Statistician 69 (2015), for the expansion.
    """
    from scipy import stats

    n = len(values)
    if n < fewest(level):
        raise SampleError(f"a bootstrap interval at {100 * level:g} % takes at least {fewest(level)} seeds, got {n}")
    if np.ptp(values) == 0:
        return Interval(float(values[0]), float(values[0]), level)
    tail = float(ndtr(-math.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 + level) / 2)))
    found = stats.bootstrap((values,), np.mean, n_resamples=resamples, confidence_level=1 - 2 * tail, method="BCa", rng=rng)
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high), level)


def middle_interval(values: np.ndarray, rng: np.random.Generator, *, level: float = 0.95, resamples: int = RESAMPLES) -> Interval:
    """Return the percentile interval of the interquartile mean, the mean of the middle half of the values ``(n,)``.

    Source: Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021; their package
    rliable gives the same interval.
    """
    from scipy import stats

    n = len(values)
    middles = stats.trim_mean(values[rng.integers(0, n, (resamples, n))], 0.25, axis=1)
    low, high = np.quantile(middles, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)
