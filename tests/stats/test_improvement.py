"""The probability of improvement against rliable, scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from rliable.metrics import probability_of_improvement
from scipy import stats
from statsmodels.stats.nonparametric import rank_compare_2indep

from regnet.stats import Estimate, Interval
from regnet.stats.improvement import probability_below
from regnet.stats.pairing import Matched


def test_unpaired_equals_rliable() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 9, 15) / 9, rng.integers(2, 11, 24) / 9  # with ties
    found = probability_below(Matched(first, second, False, ()))
    assert found.value == pytest.approx(probability_of_improvement(second[:, None], first[:, None]))


def test_unpaired_interval_equals_statsmodels_for_large_samples() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 1, 400), rng.normal(0.4, 1, 300)
    found = probability_below(Matched(first, second, False, ())).interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx(rank_compare_2indep(second, first).conf_int(), abs=3e-3)


def test_paired_equals_scipy() -> None:
    first = np.arange(20.0)
    found = probability_below(Matched(first, first + np.where(first < 14, 1, -1), True, ()))
    expected = stats.binomtest(14, 20).proportion_ci(method="wilson")
    assert found == Estimate(pytest.approx(0.7), Interval(pytest.approx(expected.low), pytest.approx(expected.high), 0.95))


def test_a_tie_counts_half() -> None:
    assert probability_below(Matched(np.array([1.0, 1.0]), np.array([1.0, 2.0]), True, ())).value == 0.75


@pytest.mark.parametrize("paired", [True, False])
def test_interval_of_separated_samples(paired: bool) -> None:
    low, high = np.arange(5.0), np.arange(5.0) + 10
    for matched, value in ((Matched(low, high, paired, ()), 1), (Matched(high, low, paired, ()), 0)):
        found = probability_below(matched)
        assert found.interval is not None
        assert found.value == value
        assert found.value in found.interval
        assert 0.2 < found.interval.high - found.interval.low < 0.6
        assert 0 <= found.interval.low < found.interval.high <= 1


def test_single_value_has_no_interval() -> None:
    assert probability_below(Matched(np.array([1.0]), np.array([2.0]), True, ())) == Estimate(1.0, None)
