"""Checks the statistics against scipy's own, by hand, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regnet.stats import factorial_effects, from_moments, summarize


def test_summary_agrees_with_scipy() -> None:
    sample = np.random.default_rng(0).normal(3.0, 2.0, 12)
    summary = summarize(sample)
    expected = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    assert (summary.n, summary.mean) == (12, pytest.approx(sample.mean()))
    assert summary.std == pytest.approx(stats.tstd(sample))
    assert (summary.low, summary.high) == pytest.approx((expected.low, expected.high))


def test_summary_by_hand() -> None:
    summary = summarize([1.0, 2.0, 3.0])  # std 1, t(2) = 4.302653 at 97.5 %
    reach = 4.302653 / np.sqrt(3)
    assert (summary.mean, summary.std) == (2.0, 1.0)
    assert (summary.low, summary.high) == pytest.approx((2 - reach, 2 + reach), rel=1e-6)


def test_one_run_has_no_spread() -> None:
    summary = summarize([0.5])
    assert (summary.n, summary.mean) == (1, 0.5)
    assert np.isnan([summary.std, summary.low, summary.high]).all()


@pytest.mark.parametrize("sample", [[], [1.0, np.nan], [np.inf, 2.0]])
def test_failed_runs_are_refused_as_samples(sample: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        summarize(sample)


def test_moments_give_the_same_as_the_sample() -> None:
    sample = np.random.default_rng(1).normal(size=20)
    assert from_moments(sample.mean(), sample.std(ddof=1), 20) == pytest.approx(summarize(sample))


@pytest.mark.parametrize("n", [3, 20])
def test_intervals_cover_the_mean_as_often_as_they_say(n: int) -> None:
    rng = np.random.default_rng(2)
    summaries = [summarize(rng.normal(1.0, 0.5, n)) for _ in range(2000)]
    covered = np.mean([one.low <= 1.0 <= one.high for one in summaries])
    assert covered == pytest.approx(0.95, abs=0.015)  # three standard errors of a share over 2,000 trials


def test_factorial_effects_by_hand() -> None:
    noise = np.array([-1.0, 0.0, 1.0])  # shared by the cells, as by the seeds, so that pairing removes it
    first, second, both, wobble = 2.0, 5.0, 0.5, np.array([0.1, 0.0, -0.1])  # the wobble is in the first factor alone
    cells = np.array([[noise, noise + second], [noise + first + wobble, noise + first + second + 2 * both + wobble]])
    effects = {effect.name: effect.difference for effect in factorial_effects(cells, ("a", "b"))}
    assert effects["a"].mean == pytest.approx(first + both)
    assert effects["b"].mean == pytest.approx(second + both)
    assert effects["a × b (interaction)"].mean == pytest.approx(both)
    assert effects["a"].std == pytest.approx(0.1)
    assert effects["b"].std == pytest.approx(0.0, abs=1e-12)


def test_an_effect_without_spread_has_no_p() -> None:
    cells = np.zeros((2, 2, 4))
    cells[1] = 2.0
    assert [np.isnan(effect.p) for effect in factorial_effects(cells, ("a", "b"))] == [True, True, True]


def test_effect_is_the_paired_t_test() -> None:
    cells = np.random.default_rng(3).normal(size=(2, 2, 30))
    effect = factorial_effects(cells, ("a", "b"))[0]
    expected = stats.ttest_rel(cells[1].mean(0), cells[0].mean(0))
    assert effect.p == pytest.approx(expected.pvalue)
    assert effect.difference.low == pytest.approx(expected.confidence_interval().low)
