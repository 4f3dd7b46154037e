"""Differences and their tests, against scipy and statsmodels."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from regnet.stats.difference import difference
from regnet.stats.pairing import Matched
from regnet.stats.rules import Test

RNG = np.random.default_rng(0)
FIRST, SECOND, LONGER = RNG.normal(0, 1, 15), RNG.normal(0.5, 1, 15), RNG.normal(0.5, 3, 24)
PAIRED, UNPAIRED = Matched(FIRST, SECOND, True, ()), Matched(FIRST, LONGER, False, ())


def test_paired_equals_statsmodels_paired_t() -> None:
    found, reference = difference(PAIRED), DescrStatsW(FIRST - SECOND)
    _, p, freedom = reference.ttest_mean()
    assert (found.p, found.freedom, found.standard_error) == pytest.approx((p, freedom, reference.std_mean))
    assert found.means.interval is not None
    assert (found.means.interval.low, found.means.interval.high) == pytest.approx(reference.tconfint_mean())


def test_unpaired_equals_statsmodels_welch() -> None:
    found, reference = difference(UNPAIRED), CompareMeans(DescrStatsW(FIRST), DescrStatsW(LONGER))
    _, p, freedom = reference.ttest_ind(usevar="unequal")
    assert (found.p, found.freedom) == pytest.approx((p, freedom))
    assert found.means.interval is not None
    assert (found.means.interval.low, found.means.interval.high) == pytest.approx(reference.tconfint_diff(usevar="unequal"))


def test_rank_tests_equal_scipy() -> None:
    assert difference(PAIRED, "rank").p == pytest.approx(stats.wilcoxon(FIRST - SECOND).pvalue)
    assert difference(UNPAIRED, "rank").p == pytest.approx(stats.mannwhitneyu(FIRST, LONGER).pvalue)


def test_direction_of_signed_ranks() -> None:
    """Most differences are positive but small; the negative ones are large."""
    differences = np.array([0.1, 0.2, 0.3, 0.4, 0.5, -5.0, -6.0, -7.0, -8.0])
    found = difference(Matched(differences, np.zeros(9), True, ()), "rank")
    assert found.leaning == 1 + 2 + 3 + 4 + 5 - 6 - 7 - 8 - 9


def test_direction_of_signed_ranks_without_zeros() -> None:
    """Zeros are no evidence: ranked, they favored the study that is worse."""
    differences = np.concatenate([np.zeros(55), np.full(22, 0.001), np.full(17, -0.003)])
    found = difference(Matched(0.5 + differences, np.full(94, 0.5), True, ()), "rank")
    assert found.p is not None
    assert found.p / 2 == pytest.approx(0.024, abs=5e-4)
    assert found.leaning < 0


def test_ties_up_to_rounding() -> None:
    """0.3 - 0.2 and 0.2 - 0.1 differ in the last digit."""
    first, second = np.array([0.3, 0.2, 0.5, 0.4, 0.1]), np.array([0.2, 0.1, 0.4, 0.5, 0.1])
    assert sorted(Matched(first, second, True, ()).differences) == pytest.approx([-0.1, 0, 0.1, 0.1, 0.1])
    assert difference(Matched(first, second, True, ()), "rank").p == stats.wilcoxon([-1, 1, 1, 1]).pvalue


@pytest.mark.parametrize("paired", [True, False])
def test_equal_values_have_no_p_value(paired: bool) -> None:
    found = difference(Matched(np.full(4, 0.1 + 0.2), np.full(4, 0.3), paired, ()))
    assert (found.means.value, found.standard_error, found.p, found.test) == (0, 0, None, None)


@pytest.mark.parametrize(("paired", "p"), [(True, 2 / 2**4), (False, 2 / 70)])
@pytest.mark.parametrize("test", ["mean", "rank"])
def test_exact_p_value_without_spread(test: Test, paired: bool, p: float) -> None:
    found = difference(Matched(np.full(4, 0.3), np.full(4, 0.1), paired, ()), test)
    assert (found.means.value, found.standard_error, found.p) == (pytest.approx(0.2), 0, pytest.approx(p))
    assert found.leaning > 0


def test_mann_whitney_of_few_values_is_exact_with_ties() -> None:
    """The normal approximation of scipy gives 0.013 for these, and the smallest p that 70 arrangements can have is 0.029."""
    found = difference(Matched(np.array([1.0, 1, 1, 2]), np.array([3.0, 3, 4, 4]), False, ()), "rank")
    assert found.p == pytest.approx(2 / 70)


def test_differences_equal_up_to_rounding_have_no_spread() -> None:
    first = np.array([0.1, 0.2, 0.3, 0.7])
    assert np.ptp(first + 0.1 - first) > 0
    assert difference(Matched(first + 0.1, first, True, ())).test == "sign test"


def test_single_values_have_no_interval_and_no_p_value() -> None:
    found = difference(Matched(np.array([0.5]), LONGER, False, ()))
    assert found.means.value == pytest.approx(0.5 - LONGER.mean())
    assert (found.means.interval, found.p, isnan(found.standard_error)) == (None, None, True)
