"""The difference between two samples: the difference of their means, its interval, and a test against no difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan

import numpy as np
from scipy.special import stdtrit

from regnet.stats.interval import Estimate, Interval
from regnet.stats.pairing import Matched
from regnet.stats.rules import Test
from regnet.stats.summary import deviation

NAMES: dict[tuple[Test, bool], str] = {
    ("mean", True): "paired t",
    ("mean", False): "Welch's t",
    ("rank", True): "Wilcoxon's signed ranks",
    ("rank", False): "Mann–Whitney U",
}
"""The test for each question, paired or not."""


@dataclass(frozen=True)
class Difference:
    """First minus second."""

    means: Estimate
    """The difference of the means, with Student's interval if paired, else Welch's; not corrected for other comparisons."""
    standard_error: float
    """Of the difference of the means; 0 if nothing varies, NaN if a sample has a single value."""
    freedom: float
    """The standard error's degrees of freedom."""
    p: float | None
    """The two-sided p of the difference; None if there is no spread to test it against."""
    leaning: float
    """By the same test: above 0 if the first sample tends to be larger, below 0 if the second does."""

    @property
    def judged(self) -> bool:
        """Whether there is a spread to test the difference against."""
        return self.standard_error > 0

    def cut(self, most: float) -> Difference:
        """Return the same difference with its interval cut to ``[-most, most]``, the possible differences."""
        interval = self.means.interval
        return replace(self, means=Estimate(self.means.value, interval and interval.cut(-most, most)))


def difference(matched: Matched, test: Test = "mean", *, level: float = 0.95) -> Difference:
    """Compare two samples; the interval is ``mean ± t(ν) s``, and there is none if a sample has a single value.

    Paired, with d the n differences: ``s = std(d) / √n, ν = n - 1``. Unpaired, with ``v = std² / n`` of each sample:
    ``s = √(v₁ + v₂), ν = (v₁ + v₂)² / (v₁² / (n₁ - 1) + v₂² / (n₂ - 1))``.

    Source: Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34 (1947).
    """
    mean = float(matched.first.mean() - matched.second.mean())
    n, m = matched.sizes
    if min(n, m) < 2:
        return Difference(Estimate(mean, None), nan, 0, None, mean)
    if not _varies(matched):
        freedom = n - 1 if matched.paired else n + m - 2
        return Difference(Estimate(mean, Interval(mean, mean, level)), 0.0, freedom, None, mean)
    from scipy import stats  # takes 0.7 s to import

    first, second = matched.first, matched.second
    found = stats.ttest_rel(first, second) if matched.paired else stats.ttest_ind(first, second, equal_var=False)
    low, high = map(float, found.confidence_interval(level))
    error = (high - low) / 2 / float(stdtrit(found.df, (1 + level) / 2))
    p, leaning = (found.pvalue, found.statistic) if test == "mean" else _rank_test(matched)
    return Difference(Estimate(mean, Interval(low, high, level)), error, float(found.df), float(p), float(leaning))


def _varies(matched: Matched) -> bool:
    """Return whether the differences, or the samples if they are not paired, vary by more than rounding."""
    if matched.paired:
        return deviation(matched.first - matched.second) > 0
    return deviation(matched.first) + deviation(matched.second) > 0


def _rank_test(matched: Matched) -> tuple[float, float]:
    """Return the p of a rank test, and its direction as in `Difference.leaning`."""
    from scipy import stats

    first, second = matched.first, matched.second
    if matched.paired:
        signs, sizes = np.sign(first - second), stats.rankdata(np.abs(first - second))
        return float(stats.wilcoxon(first, second).pvalue), float(signs @ sizes)
    return float(stats.mannwhitneyu(first, second).pvalue), float(np.sign(first[:, None] - second).mean())
