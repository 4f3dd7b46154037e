"""The difference between two samples: the difference of their means, its interval, and a test against no difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, nan, sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from regnet.stats.interval import Estimate, Interval
from regnet.stats.pairing import Matched
from regnet.stats.rules import Test
from regnet.stats.sample import SampleError
from regnet.stats.summary import deviation, without_rounding

DEPENDENT: Final = (
    "a rank test takes independent runs, and these are splits of one pool of examples, which two runs share: compare the means "
    "(--test mean), whose test is corrected for that"
)
MOST_ARRANGEMENTS: Final = 4000
"""If there are no more ways to divide the values into two samples, an exact test tries them all; 7 and 7 values have 3432."""


@dataclass(frozen=True)
class Difference:
    """First minus second."""

    means: Estimate
    """The difference of the means, with Student's interval if paired, else Welch's; not corrected for other comparisons."""
    standard_error: float
    """Of the difference of the means; 0 if nothing varies, NaN if a sample has a single value."""
    freedom: float
    """The standard error's degrees of freedom."""
    test: str | None = None
    """The name of the test; None if there is none: a sample has a single value, or no difference varies from 0."""
    p: float | None = None
    """Its two-sided p."""
    leaning: float = 0.0
    """By the same test: above 0 if the first sample tends to be larger, below 0 if the second does."""

    @property
    def varies(self) -> bool:
        """Whether there is a spread to compare the difference with."""
        return self.standard_error > 0

    def cut(self, most: float) -> Difference:
        """Return the same difference with its interval cut to ``[-most, most]``, the possible differences."""
        interval = self.means.interval
        return replace(self, means=Estimate(self.means.value, interval and interval.cut(-most, most)))


def difference(matched: Matched, test: Test = "mean", *, level: float = 0.95) -> Difference:
    """Compare two samples; the interval is ``mean ± t(ν) s``, and there is none if a sample has a single value.

    Paired, with d the n differences: ``s = std(d) / √n, ν = n - 1``. Unpaired, with ``v = std² / n`` of each sample:
    ``s = √(v₁ + v₂), ν = (v₁ + v₂)² / (v₁² / (n₁ - 1) + v₂² / (n₂ - 1))``. For splits of one pool, ``1/n + overlap`` replaces
    ``1/n`` (the corrected resampled t test).

    Differences that are equal but not 0 are judged by a sign test if paired, else by Mann and Whitney's test; for splits of one
    pool, by none.

    Raises:
        SampleError: a rank test is asked for, and the values are not independent.

    Sources: Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34 (1947); Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52 (2003).
    """
    if test == "rank" and matched.overlap:
        raise SampleError(DEPENDENT)
    mean = float(matched.differences.mean())
    n, m = matched.sizes
    if min(n, m) < 2:
        return Difference(Estimate(mean, None), nan, 0)
    if _varies(matched):
        means, error, freedom, student = _student(matched, level)
        return Difference(means, error, freedom, *(student if test == "mean" else _rank_test(matched)))
    means = Estimate(mean, Interval(mean, mean, level))
    freedom = n - 1 if matched.paired else n + m - 2
    if mean == 0 or matched.overlap:
        return Difference(means, 0.0, freedom)
    return Difference(means, 0.0, freedom, *(_sign_test(matched) if matched.paired else _rank_test(matched)))


class _Found(NamedTuple):
    """What a test finds."""

    test: str
    p: float
    leaning: float


def _varies(matched: Matched) -> bool:
    """Return whether the differences, or the samples if they are not paired, vary by more than rounding."""
    if matched.paired:
        return deviation(matched.differences) > 0
    return deviation(matched.first) + deviation(matched.second) > 0


def _student(matched: Matched, level: float) -> tuple[Estimate, float, float, _Found]:
    """Return the difference of the means, its standard error and degrees of freedom, and what a t test finds."""
    mean = float(matched.differences.mean())
    error, freedom = standard_error(matched)
    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    p = float(2 * stdtr(freedom, -abs(mean) / error))
    corrected = "corrected resampled t" if matched.overlap else "paired t" if matched.paired else "Welch's t"
    return Estimate(mean, Interval(mean - reach, mean + reach, level)), error, freedom, _Found(corrected, p, mean)


def standard_error(matched: Matched) -> tuple[float, float]:
    """Return the standard error of the difference of the means of samples that vary, and its degrees of freedom."""
    n, m = matched.sizes
    size, other = matched.independent
    if matched.paired:
        return deviation(matched.differences) / sqrt(size), n - 1
    first, second = deviation(matched.first) ** 2 / size, deviation(matched.second) ** 2 / other
    return sqrt(first + second), (first + second) ** 2 / (first**2 / (n - 1) + second**2 / (m - 1))


def _sign_test(matched: Matched) -> _Found:
    from scipy import stats

    signs = np.sign(matched.differences)
    above, below = int((signs > 0).sum()), int((signs < 0).sum())
    return _Found("sign test", float(stats.binomtest(above, above + below).pvalue), float(above - below))


def _rank_test(matched: Matched) -> _Found:
    """Return what Wilcoxon's test of the differences other than 0 finds, or Mann and Whitney's of samples that are not paired.

    Of few values the p is exact, also where some are equal: the approximation for many would be too small.

    Sources: Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945); Mann and Whitney, "On a test of
    whether one of two random variables is stochastically larger than the other", Ann. Math. Stat. 18 (1947).
    """
    from scipy import stats

    differences = matched.differences
    if matched.paired:
        differences = differences[differences != 0]
        leaning = np.sign(differences) @ stats.rankdata(np.abs(differences))
        return _Found("Wilcoxon's signed ranks", float(stats.wilcoxon(differences).pvalue), float(leaning))
    n, m = matched.sizes
    values = without_rounding(np.concatenate([matched.first, matched.second]), matched.scale)
    few = comb(n + m, n) <= MOST_ARRANGEMENTS
    options: dict[str, Any] = {"method": stats.PermutationMethod(n_resamples=MOST_ARRANGEMENTS)} if few else {}
    p = stats.mannwhitneyu(values[:n], values[n:], **options).pvalue
    return _Found("Mann–Whitney U", float(p), float(np.sign(differences).mean()))
