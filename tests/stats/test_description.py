"""Descriptions of samples against scipy, statsmodels and rliable, and their notes."""

from __future__ import annotations

import numpy as np
import pytest
from rliable.metrics import aggregate_iqm
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from regnet.stats import Description, Interval, Sample, SampleError, bootstrap_interval, describe
from tests.measures import ERROR_RATE


def described(values: np.ndarray | list[float], failures: dict[int, str] | None = None) -> Description:
    return describe(Sample("adam", range(len(values)), values, failures or {}), np.random.default_rng(0), ERROR_RATE)


@pytest.mark.parametrize("n", [6, 20, 41])
def test_numbers_agree_with_scipy_statsmodels_and_rliable(n: int) -> None:
    values = np.random.default_rng(n).beta(2, 100, n)
    found, reference = described(values), DescrStatsW(values)
    assert found.n == n
    assert (found.mean, found.median) == pytest.approx((reference.mean, np.median(values)))
    assert (found.std, found.standard_error) == pytest.approx((stats.tstd(values), stats.sem(values)))
    assert found.interquartile_mean == pytest.approx(aggregate_iqm(values[:, None]))
    assert found.student == Interval(*map(pytest.approx, reference.tconfint_mean()), 0.95)


def test_bootstrap_equals_scipy_for_large_samples() -> None:
    values = np.random.default_rng(1).gamma(4, size=2000)
    found = bootstrap_interval(values, np.random.default_rng(2), resamples=2000)
    expected = stats.bootstrap((values,), np.mean, n_resamples=2000, rng=np.random.default_rng(2)).confidence_interval
    width = expected.high - expected.low
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01 * width)


def test_bootstrap_is_expanded_for_small_samples() -> None:
    values = np.random.default_rng(3).normal(size=8)
    level = 1 - 2 * stats.norm.cdf(-np.sqrt(8 / 7) * stats.t.ppf(0.975, 7))
    plain, expanded = (
        stats.bootstrap((values,), np.mean, confidence_level=one, rng=np.random.default_rng(2)) for one in (0.95, level)
    )
    found = bootstrap_interval(values, np.random.default_rng(2))
    assert (found.low, found.high) == pytest.approx(expanded.confidence_interval)
    assert values.min() <= found.low < plain.confidence_interval.low < plain.confidence_interval.high < found.high <= values.max()


def test_the_same_generator_gives_the_same_interval() -> None:
    values = np.random.default_rng(3).normal(size=8)
    first, again, other = (bootstrap_interval(values, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_single_seed_has_no_interval() -> None:
    found = described([0.02])
    assert (found.mean, found.std, found.standard_error, found.student, found.bootstrap) == (0.02, None, None, None, None)
    assert found.notes == ("one seed only: it gives no interval",)


def test_few_seeds_have_no_bootstrap_interval() -> None:
    found = described([0.02, 0.03, 0.025, 0.022, 0.028])
    assert found.student is not None
    assert found.bootstrap is None
    assert found.notes == ()
    with pytest.raises(SampleError, match="at 95 % takes at least 6 seeds, got 5"):
        bootstrap_interval(np.arange(5.0), np.random.default_rng(0))


def test_equal_values_have_no_interval() -> None:
    found = described([0.02] * 6)
    assert (found.student, found.bootstrap, found.middle_interval) == (None, None, None)
    assert found.notes == ("all seeds have the same value: it gives no interval",)


def test_intervals_are_clipped_to_the_bounds() -> None:
    found = described([0.0, 0.0, 0.0, 0.0, 0.0, 0.06])
    assert found.student is not None
    assert found.bootstrap is not None
    assert found.student.low == 0 < found.student.high
    assert 0 <= found.bootstrap.low < found.bootstrap.high <= 0.06
    assert found.notes == ("Student's interval reaches beyond what the metric can be, and is cut at 0 and 1",)


def test_failed_seeds_are_counted() -> None:
    found = described([0.02, 0.03], {7: "the loss is NaN"})
    assert (found.n, found.failed) == (2, 1)
    assert found.notes[0] == "1 of 3 seeds failed and are not in these numbers"


def test_all_failed_is_an_error() -> None:
    with pytest.raises(SampleError, match=r"study 'adam': all 2 seeds failed \(the first: diverged\)"):
        described([], {0: "diverged", 1: "diverged"})
    with pytest.raises(SampleError, match="study 'adam': it has no seeds"):
        described([])
