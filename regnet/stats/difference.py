"""The difference between two samples: of their means, with its interval, and a test of whether there is any."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan, sqrt

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

    Source: Welch, The generalization of "Student's" problem when several different population variances are involved,
    Biometrika 34 (1947).
    """
    middle = float(matched.first.mean() - matched.second.mean())
    if min(matched.sizes) < 2:
        return Difference(Estimate(middle, None), nan, 0, None, middle)
    error, freedom = _standard_error(matched)
    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    means = Estimate(middle, Interval(middle - reach, middle + reach, level))
    p, leaning = (None, middle) if error == 0 else _tested(matched, test)
    return Difference(means, error, freedom, p, leaning)


def _standard_error(matched: Matched) -> tuple[float, float]:
    """The standard error of the difference of means, and its degrees of freedom."""
    n, m = matched.sizes
    if matched.paired:
        return deviation(matched.first - matched.second) / sqrt(n), n - 1
    one, two = deviation(matched.first) ** 2 / n, deviation(matched.second) ** 2 / m
    if one + two == 0:
        return 0.0, n + m - 2
    return sqrt(one + two), (one + two) ** 2 / (one**2 / (n - 1) + two**2 / (m - 1))


def _tested(matched: Matched, test: Test) -> tuple[float, float]:
    """The test's p, and which way it leans."""
    from scipy import stats

    first, second = matched.first, matched.second
    if test == "mean":
        found = stats.ttest_rel(first, second) if matched.paired else stats.ttest_ind(first, second, equal_var=False)
        return float(found.pvalue), float(found.statistic)
    if matched.paired:
        signs, sizes = np.sign(first - second), stats.rankdata(np.abs(first - second))
        return float(stats.wilcoxon(first, second).pvalue), float(signs @ sizes)
    return float(stats.mannwhitneyu(first, second).pvalue), float(np.sign(first[:, None] - second).mean())
