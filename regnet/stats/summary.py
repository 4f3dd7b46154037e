"""The short summary of a sample: its moments, and Student's interval for the mean it was drawn around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit  # scipy.stats has the same under a friendlier name, but takes 0.7 s to load

from regnet.stats.measure import Measure


@dataclass(frozen=True)
class Summary:
    """A sample of independent runs: its size, its moments, and an interval for the mean it was drawn around."""

    n: int
    mean: float
    std: float
    """The sample's standard deviation, with n - 1; not a number where n is 1."""
    low: float
    high: float
    """The ends of the interval; not a number where n is 1."""

    def within(self, measure: Measure) -> Summary:
        """The same with the interval cut where the measure's values end."""
        return replace(self, low=max(self.low, measure.low), high=min(self.high, measure.high))


def summarize(values: Sequence[float] | np.ndarray, level: float = 0.95) -> Summary:
    """Mean, standard deviation and Student's t interval for the mean, ``mean ± t(n - 1) std / √n``.

    Args:
        values: one number for each run, ``(n,)``. A failed run is no number: leave it out and say so.
        level: how often such an interval covers the true mean.

    Raises:
        ValueError: there is no value, or one is not finite.
    """
    sample = np.asarray(values, dtype=float)
    if sample.size == 0 or not np.isfinite(sample).all():
        raise ValueError(f"expected at least one number, all of them finite; got {sample}")
    std = float(sample.std(ddof=1)) if sample.size > 1 else float("nan")
    return from_moments(float(sample.mean()), std, int(sample.size), level)


def from_moments(mean: float, std: float, n: int, level: float = 0.95) -> Summary:
    """The same from a published mean, standard deviation and number of runs."""
    if n == 1:
        return Summary(n, mean, float("nan"), float("nan"), float("nan"))
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * std / np.sqrt(n)
    return Summary(n, mean, std, float(mean - reach), float(mean + reach))


def deviation(values: np.ndarray) -> float:
    """The standard deviation of values ``(n,)``, with n - 1; 0 where they differ by nothing but rounding."""
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return 0.0
    return float(values.std(ddof=1))
