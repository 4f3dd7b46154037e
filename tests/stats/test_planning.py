"""How many seeds a gap needs, which gap so many seeds find, and what a plan of several looks leads to."""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from regnet.stats.pairing import Matched
from regnet.stats.planning import Expected, expect, gap_for_seeds, seeds_for_gap, upper_spread
from regnet.stats.rules import Test
from regnet.stats.sample import SampleError
from regnet.stats.sequential import Plan, decide

paired_or_not = pytest.mark.parametrize("paired", [True, False])


def found(first: np.ndarray, second: np.ndarray, test: Test, paired: bool) -> float:
    """The share of rows of normal values in which scipy's p is below 0.05."""
    if test == "mean":
        result = stats.ttest_rel(first, second, axis=1) if paired else stats.ttest_ind(first, second, axis=1, equal_var=False)
    elif paired:
        result = stats.wilcoxon(first - second, axis=1, method="exact")
    else:
        result = stats.mannwhitneyu(first, second, axis=1, method="exact")
    return float((result.pvalue < 0.05).mean())


@paired_or_not
@pytest.mark.parametrize("effect", [0.1, 0.5, 1.0, 2.5])
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.05 / 6, 0.9)])
def test_seeds_are_those_of_statsmodels(paired: bool, effect: float, alpha: float, power: float) -> None:
    """Its solution is a fraction; the seeds are the next whole number."""
    theirs = (TTestPower() if paired else TTestIndPower()).solve_power(effect, alpha=alpha, power=power)
    assert seeds_for_gap(0.2, 0.2 * effect, paired=paired, alpha=alpha, power=power) == np.ceil(theirs)


@paired_or_not
@pytest.mark.parametrize("n", [3, 5, 20, 1000])
def test_gap_is_that_of_statsmodels(paired: bool, n: int) -> None:
    gap = gap_for_seeds(2.0, n, paired=paired)
    assert (TTestPower() if paired else TTestIndPower()).power(gap / 2, n, 0.05) == pytest.approx(0.8, abs=1e-4)


@paired_or_not
@pytest.mark.parametrize("test", ["mean", "rank"])
@pytest.mark.parametrize("gap", [0.9, 2.0])
def test_seeds_are_the_fewest(test: Test, paired: bool, gap: float) -> None:
    n = seeds_for_gap(1.0, gap, test=test, paired=paired)
    assert n is not None
    fewer = [gap_for_seeds(1.0, k, test=test, paired=paired) for k in range(1, n)]
    assert gap_for_seeds(1.0, n, test=test, paired=paired) <= gap < min(fewer)
    assert fewer == sorted(fewer, reverse=True)


@paired_or_not
@pytest.mark.parametrize(("test", "n"), [("mean", 5), ("mean", 12), ("rank", 6), ("rank", 12), ("rank", 40)])
def test_gap_is_found_as_often_as_is_said(test: Test, paired: bool, n: int) -> None:
    """The rank test of 40 is said by its efficiency, of fewer by a simulation of its own. The spread of differences is 0.5 here."""
    rng, trials = np.random.default_rng(n), 4000
    gap = gap_for_seeds(0.5, n, test=test, paired=paired)
    first, second = rng.normal(size=(2, trials, n)) * (0.5 / sqrt(2) if paired else 0.5)
    assert found(first + gap, second, test, paired) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("paired", "n"), [(True, 5), (False, 3)])
def test_a_rank_test_of_too_few_seeds_shows_nothing(paired: bool, n: int) -> None:
    assert gap_for_seeds(1.0, n, test="rank", paired=paired) == inf
    assert gap_for_seeds(1.0, n + 1, test="rank", paired=paired) < 4
    assert seeds_for_gap(1.0, 100.0, test="rank", paired=paired) == n + 1
    assert gap_for_seeds(1.0, n + 1, test="rank", paired=paired, alpha=0.05 / 6) == inf


@paired_or_not
def test_a_single_seed_shows_nothing(paired: bool) -> None:
    assert gap_for_seeds(1.0, 1, paired=paired) == inf
    assert seeds_for_gap(1.0, 1e6, paired=paired) == 2


def test_a_stricter_level_and_a_higher_power_need_more_seeds() -> None:
    assert seeds_for_gap(1.0, 0.5) == 34
    assert seeds_for_gap(1.0, 0.5, alpha=0.05 / 3) == 45
    assert seeds_for_gap(1.0, 0.5, power=0.95) == 54


@paired_or_not
def test_splits_of_one_pool(paired: bool) -> None:
    """The seeds it takes grow without bound towards the gap that no number finds, which is ``(1.96 + 0.84) √overlap`` if paired."""
    least = (1.959964 + 0.841621) * sqrt(0.25 * (1 if paired else 2))
    seeds = [seeds_for_gap(1.0, factor * least, paired=paired, overlap=0.25) for factor in (2, 1.1, 1.001)]
    assert None not in seeds
    assert seeds == sorted(seeds, key=int)
    assert seeds_for_gap(1.0, 0.999 * least, paired=paired, overlap=0.25) is None
    assert gap_for_seeds(1.0, 10**7, paired=paired, overlap=0.25) == pytest.approx(least, rel=1e-5)


def test_splits_of_one_pool_by_simulation() -> None:
    """The corrected resampled t test of differences that share a part."""
    rng, trials, overlap, n = np.random.default_rng(0), 10_000, 0.1, 12
    gap = gap_for_seeds(1.0, n, overlap=overlap)
    values = gap + rng.normal(size=(trials, n)) + rng.normal(0, sqrt(overlap), (trials, 1))
    t = values.mean(1) / (values.std(1, ddof=1) * sqrt(1 / n + overlap))
    assert (np.abs(t) > stats.t.isf(0.025, n - 1)).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("n", [5, 20])
def test_upper_spread(n: int) -> None:
    """It is exceeded in one sample in five; the standard deviation of five values itself in three of five."""
    std = np.random.default_rng(n).normal(size=(20_000, n)).std(1, ddof=1)
    assert (std * upper_spread(1.0, n - 1) >= 1).mean() == pytest.approx(0.8, abs=0.01)
    assert n > 5 or (std < 1).mean() == pytest.approx(0.59, abs=0.01)


@pytest.mark.parametrize(
    ("spread", "gap", "settings", "message"),
    [
        (0.0, 1.0, {}, "spread above 0"),
        (1.0, 0.0, {}, "gap that matters is positive"),
        (1.0, 1.0, {"alpha": 0.0}, "alpha below 0.5"),
        (1.0, 1.0, {"power": 1.0}, "power from 0.5 to 1"),
        (1.0, 1.0, {"overlap": -0.1}, "overlap of 0 or more"),
        (1.0, 1.0, {"overlap": 0.25, "test": "rank"}, "a rank test takes independent runs"),
    ],
)
def test_questions_without_an_answer(spread: float, gap: float, settings: dict[str, float], message: str) -> None:
    with pytest.raises(SampleError, match=message):
        seeds_for_gap(spread, gap, **settings)


@paired_or_not
def test_what_a_plan_leads_to_is_what_its_decisions_do(paired: bool) -> None:
    rng, trials, plan = np.random.default_rng(0), 500, Plan((5, 10, 20), gap=0.8, spending="linear", paired=paired)
    ends = []
    for _ in range(trials):
        first, second = rng.normal(0.6, 1, 20), rng.normal(0, not paired, 20)
        for look, n in enumerate(plan.schedule):
            outcome = decide(Matched(first[:n], second[:n], paired, ()), plan, look).outcome
            if outcome != "continue":
                break
        ends.append((outcome == "decided", outcome in ("equal", "futile"), n))
    said, seen = expect(plan, 1.0, 0.6), Expected(*np.mean(ends, axis=0).tolist())
    assert seen.shown == pytest.approx(said.shown, abs=0.07)
    assert seen.excluded == pytest.approx(said.excluded, abs=0.07)
    assert seen.seeds == pytest.approx(said.seeds, rel=0.07)


def test_what_a_plan_leads_to_does_not_depend_on_the_unit() -> None:
    plan = Plan((5, 10, 20), gap=0.8)
    assert expect(replace(plan, gap=8.0), 10.0, 6.0) == expect(plan, 1.0, 0.6)
    assert expect(replace(plan, gap=None), 1.0, 0.6).excluded == 0
