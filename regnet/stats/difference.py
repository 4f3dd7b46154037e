"""The difference between two samples: of their means, with its interval, and a test of whether there is any."""

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
    """The difference of the means, with Student's interval where paired, else Welch's; not corrected for other comparisons."""
    standard_error: float
    """Of the difference of the means; 0 where nothing varies, not a number where a single value cannot show whether it does."""
    freedom: float
    """The standard error's degrees of freedom."""
    p: float | None
    """How likely so large a difference would be if there were none, two-sided; None where there is no spread to judge it by."""
    leaning: float
    """By the same test, above 0 where the first tends to be the larger, below 0 where the second does."""

    @property
    def judged(self) -> bool:
        """Whether there is a spread to judge the difference by."""
        return self.standard_error > 0

    def cut(self, most: float) -> Difference:
        """With the interval cut at the largest difference that there can be, either way."""
        interval = self.means.interval
        return replace(self, means=Estimate(self.means.value, interval and interval.cut(-most, most)))


def difference(matched: Matched, test: Test = "mean", *, level: float = 0.95) -> Difference:
    """Compares two samples; the interval is ``mean ± t(ν) s``, and there is none where a sample has a single value.

    Paired, with d the n differences: ``s = std(d) / √n, ν = n - 1``. Unpaired, with ``v = std² / n`` of either sample:
    ``s = √(v₁ + v₂), ν = (v₁ + v₂)² / (v₁² / (n₁ - 1) + v₂² / (n₂ - 1))``.

    Source: Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34 (1947).
    """
    middle = float(matched.first.mean() - matched.second.mean())
    n, m = matched.sizes
    if min(n, m) < 2:
        return Difference(Estimate(middle, None), nan, 0, None, middle)
    if not _varies(matched):
        freedom = n - 1 if matched.paired else n + m - 2
        return Difference(Estimate(middle, Interval(middle, middle, level)), 0.0, freedom, None, middle)
    from scipy import stats  # which takes 0.7 s

    first, second = matched.first, matched.second
    found = stats.ttest_rel(first, second) if matched.paired else stats.ttest_ind(first, second, equal_var=False)
    low, high = map(float, found.confidence_interval(level))
    error = (high - low) / 2 / float(stdtrit(found.df, (1 + level) / 2))
    p, leaning = (found.pvalue, found.statistic) if test == "mean" else _ranked(matched)
    return Difference(Estimate(middle, Interval(low, high, level)), error, float(found.df), float(p), float(leaning))


def _varies(matched: Matched) -> bool:
    """Whether the differences, or the samples where they are not paired, vary by more than rounding."""
    if matched.paired:
        return deviation(matched.first - matched.second) > 0
    return deviation(matched.first) + deviation(matched.second) > 0


def _ranked(matched: Matched) -> tuple[float, float]:
    """The p of a test of ranks, and which way it leans."""
    from scipy import stats

    first, second = matched.first, matched.second
    if matched.paired:
        signs, sizes = np.sign(first - second), stats.rankdata(np.abs(first - second))
        return float(stats.wilcoxon(first, second).pvalue), float(signs @ sizes)
    return float(stats.mannwhitneyu(first, second).pvalue), float(np.sign(first[:, None] - second).mean())
