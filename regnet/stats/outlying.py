"""Runs that are unlike the others of their study, such as dead networks: which they are, and how often they occur."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betaincinv

from regnet.stats.interval import Estimate, Interval

FENCE: Final = 20
"""The number of usual distances from the median that a value is far away with: of normal values, 13 standard deviations."""
FEWEST: Final = 4
"""The fewest values that show what is usual: of three, the middle one is often by chance close to another."""


def far(values: np.ndarray) -> np.ndarray:
    """Return the indices of the values ``(n,)`` that are far from the rest: more than ``FENCE`` usual distances from the median.

    The usual distance is the median of all distances from the median. It does not depend on far values while they are fewer than
    half: two dead networks among 5 runs are named, which quartiles would hide. If it is 0, it is half the interquartile range; no
    value is far if this is 0, too, or if there are fewer than `FEWEST` values.

    Source: Leys et al., "Detecting outliers: do not use standard deviation around the mean, use absolute deviation around the
    median", Journal of Experimental Social Psychology 49 (2013), at 2.5 to 3 standard deviations there.
    """
    if len(values) < FEWEST:
        return np.empty(0, dtype=int)
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    distances = np.abs(values - median)
    usual = float(np.median(distances)) or (high - low) / 2
    return np.flatnonzero(distances > FENCE * usual) if usual > 0 else np.empty(0, dtype=int)


def unseen(n: int, level: float = 0.95) -> float:
    """Return how large a share of all runs a kind can be of which n runs show none, with a probability of ``1 - level`` or more."""
    return float(1 - (1 - level) ** (1 / n))


def rate(count: int, n: int, level: float = 0.95) -> Estimate:
    """Return the share ``count / n`` with its exact interval, which covers the true rate at least as often as the level says.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).
    """
    tail = (1 - level) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return Estimate(count / n, Interval(low, high, level))
