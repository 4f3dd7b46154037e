"""The performance profile: the share of runs that are at least as good as a value, for every value, with a band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor

import numpy as np

from regnet.stats.sample import SampleError
from regnet.stats.summary import independent


@dataclass(frozen=True)
class Profile:
    """The shares of n runs that are at least as good as each value τ: a step function of τ."""

    thresholds: np.ndarray
    """The distinct values of the runs, in ascending order, ``(T,)``; empty if every run failed."""
    shares: np.ndarray
    """The share of the runs that are at least as good as each, ``(T,)``; of all runs, also of those that failed."""
    n: int
    """The number of runs, with those that failed."""
    smaller_is_better: bool
    reach: float | None
    """The band is this far above and below the curve, and within 0 and 1; None if fewer than two runs are independent."""
    level: float
    """How often such a band contains the whole true curve: 0.95 is 19 times in 20."""

    def at(self, values: np.ndarray) -> np.ndarray:
        """Return the shares at any values τ ``(...,)``."""
        if self.smaller_is_better:
            return np.concatenate([[0.0], self.shares])[np.searchsorted(self.thresholds, values, side="right")]
        return np.concatenate([self.shares, [0.0]])[np.searchsorted(self.thresholds, values, side="left")]

    def band(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the lower and the upper end of the band where the curve has these shares ``(...,)``; None if there is none."""
        if self.reach is None:
            return None
        return np.maximum(shares - self.reach, 0.0), np.minimum(shares + self.reach, 1.0)

    def reached_by(self, share: float) -> float | None:
        """Return the best value that at least this share of the runs reach; None if fewer have a value."""
        reached = self.thresholds[self.shares >= share]
        if not len(reached):
            return None
        return float(reached.min() if self.smaller_is_better else reached.max())


def performance_profile(
    values: np.ndarray, failed: int = 0, *, smaller_is_better: bool, level: float = 0.95, overlap: float = 0.0
) -> Profile:
    """Return the share of runs at least as good as each value τ; runs that failed count, and are as good as no value.

    The band is Kolmogorov's: ``share ± d``, with d the quantile of the largest distance between the shares of n runs and the true
    shares. It is simultaneous: the whole true curve lies inside with probability `level` or more, so any number of values may be
    read from it. The probability is exact for every n if no two runs are equal; with equal values and failed runs it is larger.
    For splits of one pool, n is ``1 / (1/n + overlap)``, rounded down.

    Args:
        values: a finite number for each run that did not fail, ``(n - failed,)``.
        failed: the number of runs that failed.
        smaller_is_better: whether a run is at least as good as τ if its value is τ or smaller; otherwise, if it is τ or larger.
        level: how often the band contains the whole true curve.
        overlap: the correction for runs that share examples; 0 for independent runs. See `regnet.stats.sample.Sample`.

    Raises:
        SampleError: there are no runs.

    Sources: Dolan and Moré, "Benchmarking optimization software with performance profiles", Math. Program. 91 (2002); Agarwal et
    al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021, whose band is a bootstrap interval
    for each τ, which has no width where all runs agree; Kolmogorov, "Sulla determinazione empirica di una legge di distribuzione",
    G. Ist. Ital. Attuari 4 (1933).
    """
    n = len(values) + failed
    if n == 0:
        raise SampleError("a performance profile takes at least one run, got none")
    thresholds, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    reached = np.cumsum(counts) if smaller_is_better else np.cumsum(counts[::-1])[::-1]
    return Profile(thresholds, reached / n, n, smaller_is_better, _reach(floor(independent(n, overlap)), level), level)


@lru_cache(maxsize=256)  # a quantile takes milliseconds
def _reach(n: int, level: float) -> float | None:
    """Return the quantile of Kolmogorov's statistic for n independent runs."""
    from scipy import stats

    return float(stats.kstwo.ppf(level, n)) if n > 1 else None
