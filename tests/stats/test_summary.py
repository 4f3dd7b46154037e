"""The short summary against scipy and statsmodels, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from regnet.stats import from_moments, summarize
from tests.measures import ERROR_RATE


def test_summary_agrees_with_scipy_and_statsmodels() -> None:
    sample = np.random.default_rng(0).normal(3.0, 2.0, 12)
    summary = summarize(sample)
    expected = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    assert (summary.n, summary.mean) == (12, pytest.approx(sample.mean()))
    assert summary.std == pytest.approx(stats.tstd(sample))
    assert (summary.low, summary.high) == pytest.approx((expected.low, expected.high))
    assert (summary.low, summary.high) == pytest.approx(DescrStatsW(sample).tconfint_mean())


def test_summary_by_hand() -> None:
    summary = summarize([1.0, 2.0, 3.0])  # std 1, t(2) = 4.302653 at 97.5 %
    reach = 4.302653 / np.sqrt(3)
    assert (summary.mean, summary.std) == (2.0, 1.0)
    assert (summary.low, summary.high) == pytest.approx((2 - reach, 2 + reach), rel=1e-6)


def test_single_run_has_no_spread() -> None:
    summary = summarize([0.5])
    assert (summary.n, summary.mean) == (1, 0.5)
    assert np.isnan([summary.std, summary.low, summary.high]).all()


def test_interval_is_clipped_to_possible_values() -> None:
    rate = ERROR_RATE
    assert summarize([0.0, 0.1]).low < 0
    assert summarize([0.0, 0.1]).within(rate).low == 0
    assert summarize([0.9, 1.0]).within(rate).high == 1
    assert summarize([0.4, 0.41, 0.42]).within(rate) == summarize([0.4, 0.41, 0.42])
    assert np.isnan(summarize([0.5]).within(rate).low)


@pytest.mark.parametrize("sample", [[], [1.0, np.nan], [np.inf, 2.0]])
def test_failed_runs_are_an_error(sample: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        summarize(sample)


def test_summary_from_moments_equals_that_of_the_sample() -> None:
    sample = np.random.default_rng(1).normal(size=20)
    assert from_moments(sample.mean(), sample.std(ddof=1), 20) == pytest.approx(summarize(sample))
