"""Runs that are unlike the others of their study, such as dead networks: which they are, and how often they occur."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betaincinv

from regnet.stats.interval import Estimate, Interval

FENCE: Final = 6
"""The number of interquartile ranges that a value is far away with; of normal values, one in 10 million millions is."""
FEWEST: Final = 5
"""The fewest values that show what is usual."""


def far(values: np.ndarray) -> np.ndarray:
    """Return the indices of the values ``(n,)`` that are far from the rest: ``FENCE`` interquartile ranges beyond a quartile.

    No value is far if there are fewer than `FEWEST`, or if half of them are equal, so that they show no usual spread.

    Source: Tukey, "Exploratory data analysis", 1977, for fences, at 1.5 and 3 interquartile ranges there.
    """
    if len(values) < FEWEST:
        return np.empty(0, dtype=int)
    low, high = np.quantile(values, [0.25, 0.75])
    reach = FENCE * (high - low)
    return np.flatnonzero((values < low - reach) | (values > high + reach)) if reach > 0 else np.empty(0, dtype=int)


def rate(count: int, n: int, level: float = 0.95) -> Estimate:
    """Return the share ``count / n`` with its exact interval, which covers the true rate at least as often as the level says.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).
    """
    tail = (1 - level) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return Estimate(count / n, Interval(low, high, level))
