"""The short summary of a sample: its mean, its standard deviation, and Student's interval for the true mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import frexp, ldexp

import numpy as np
from scipy.special import stdtrit  # the same as scipy.stats.t.ppf, which takes 0.7 s to import

from regnet.stats.measure import Measure


@dataclass(frozen=True)
class Summary:
    """A sample of independent runs: its size, mean and standard deviation, and an interval for the true mean."""

    n: int
    mean: float
    std: float
    """The sample's standard deviation, with n - 1; NaN if n is 1."""
    low: float
    high: float
    """The ends of the interval; NaN if n is 1, or if all values are equal: they show no spread."""

    def within(self, measure: Measure) -> Summary:
        """Return the same summary with its interval cut at the measure's bounds."""
        return replace(self, low=max(self.low, measure.smallest), high=min(self.high, measure.largest))


def summarize(values: Sequence[float] | np.ndarray, level: float = 0.95, overlap: float = 0.0) -> Summary:
    """Return the mean, the standard deviation and Student's t interval for the mean, ``mean ± t(n - 1) std √(1/n + overlap)``.

    Args:
        values: one number for each run, ``(n,)``, without failed runs; report those separately.
        level: how often such an interval covers the true mean.
        overlap: the correction for runs that share examples; 0 for independent runs. See `regnet.stats.sample.Sample`.

    Raises:
        ValueError: there is no value, or a value is not finite.
    """
    sample = np.asarray(values, dtype=float)
    if sample.size == 0 or not np.isfinite(sample).all():
        raise ValueError(f"expected at least one number, all of them finite; got {sample}")
    std = deviation(sample) if sample.size > 1 else float("nan")
    return from_moments(float(sample.mean()), std, int(sample.size), level, overlap)


def from_moments(mean: float, std: float, n: int, level: float = 0.95, overlap: float = 0.0) -> Summary:
    """Return the same from a published mean, standard deviation and number of runs."""
    if n == 1 or std == 0:
        return Summary(n, mean, std if n > 1 else float("nan"), float("nan"), float("nan"))
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * std / np.sqrt(independent(n, overlap))
    return Summary(n, mean, std, float(mean - reach), float(mean + reach))


def independent(n: int, overlap: float) -> float:
    """Return how many independent runs have a mean as uncertain as n runs that share examples: ``1 / (1/n + overlap)``."""
    return n / (1 + n * overlap)


def without_rounding(values: np.ndarray, scale: float) -> np.ndarray:
    """Return values rounded to 1e-12 of `scale`, the size of what they come from: those that differ by rounding alone are equal."""
    unit = ldexp(1.0, frexp(scale)[1] - 40)
    return np.round(values / unit) * unit if unit > 0 else values


def deviation(values: np.ndarray) -> float:
    """Return the standard deviation of values ``(n,)``, with n - 1; 0 if they differ by rounding alone."""
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return 0.0
    return float(values.std(ddof=1))
