"""Hedges' g against statsmodels, and its interval against the noncentral t distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import effectsize_smd

from regnet.stats.effect_size import hedges_g
from regnet.stats.pairing import Matched

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.normal(0, 1, 15), RNG.normal(0.5, 1, 24)
PAIRED, UNPAIRED = Matched(FIRST, SECOND[:15], True, ()), Matched(FIRST, SECOND, False, ())


def test_unpaired_equals_statsmodels() -> None:
    """Statsmodels approximates the correction by ``1 - 3 / (4 ν - 1)``, which is accurate to a thousandth."""
    found = hedges_g(UNPAIRED)
    assert found is not None
    moments = (FIRST.mean(), FIRST.std(ddof=1), 15, SECOND.mean(), SECOND.std(ddof=1), 24)
    assert found.value == pytest.approx(effectsize_smd(*moments)[0], rel=1e-3)


@pytest.mark.parametrize("matched", [PAIRED, UNPAIRED])
def test_tail_probabilities_at_the_ends_of_the_interval(matched: Matched) -> None:
    first, second = matched.first, matched.second
    test = stats.ttest_rel(first, second) if matched.paired else stats.ttest_ind(first, second)
    root = np.sqrt(15 if matched.paired else 15 * 24 / 39)
    found = hedges_g(matched)
    assert found is not None
    assert found.interval is not None
    assert stats.nct.sf(test.statistic, test.df, found.interval.low * root) == pytest.approx(0.025, rel=1e-4)
    assert stats.nct.cdf(test.statistic, test.df, found.interval.high * root) == pytest.approx(0.025, rel=1e-4)


@pytest.mark.parametrize("n", [4, 20])
def test_g_is_unbiased(n: int) -> None:
    """Cohen's d is a quarter too large at n = 4; three standard errors are allowed."""
    draws = np.random.default_rng(1).normal(0.8, 1, (3000, n))
    found = [g.value for draw in draws if (g := hedges_g(Matched(draw, np.zeros(n), True, ())))]
    assert np.mean(found) == pytest.approx(0.8, abs=3 * np.std(found) / np.sqrt(len(found)))


@pytest.mark.parametrize(("n", "paired"), [(4, True), (4, False), (2, True), (1, False)])
def test_no_effect_size_without_spread(n: int, paired: bool) -> None:
    assert hedges_g(Matched(np.full(n, 0.3), np.full(n, 0.1), paired, ())) is None
