"""Practical equivalence, simultaneous intervals, baselines, and the words for them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regnet.stats import Rules, Sample, SampleError, compare, compare_with_baseline
from regnet.stats.equivalence import equivalence
from regnet.stats.verdict import practical, verdict
from regnet.stats.wording import p_value
from tests.measures import ERROR_RATE

RNG = np.random.default_rng(3)


def sample(name: str, values: np.ndarray, overlap: float = 0.0) -> Sample:
    return Sample(name, range(len(values)), values, overlap=overlap)


def test_the_posterior_by_hand_as_in_baycomp() -> None:
    """baycomp 1.0.3, two_on_single(x, y, 0.01, runs=1) of 10 values has ρ = 1/10, so that the variance is s² (1/10 + 1/9)."""
    x, y = RNG.normal(0.80, 0.03, 10), RNG.normal(0.79, 0.03, 10)
    (pair,) = compare([sample("x", x, 1 / 9), sample("y", y, 1 / 9)])
    found = equivalence(pair.difference, 0.01)
    d = x - y
    posterior = stats.t(9, d.mean(), np.sqrt(d.var(ddof=1) * (1 / 10 + 1 / 9)))
    assert (found.below, found.above) == pytest.approx((posterior.cdf(-0.01), posterior.sf(0.01)))
    assert found.below + found.within + found.above == pytest.approx(1)


def test_a_region_of_equivalence_decides_either_way() -> None:
    base = RNG.normal(0.02, 0.005, 40)
    equal, better = base + RNG.normal(0, 0.0001, 40), base - 0.005 + RNG.normal(0, 0.0001, 40)
    rules = Rules(rope=0.1)
    near, far = (compare([sample("a", base), sample("b", other)], ERROR_RATE, rules)[0] for other in (equal, better))
    assert practical(near, ERROR_RATE).startswith("with a region of practical equivalence of ± 0.1 points: practically equal")
    assert "'b' is better by more than that (probabilities: equal 0.00, 'a' better 0.00, 'b' better 1.00)" in practical(
        far, ERROR_RATE
    )
    assert practical(compare([sample("a", base), sample("b", equal)])[0], ERROR_RATE) == ""
    with pytest.raises(SampleError, match="above 0"):
        Rules(rope=0)


def test_simultaneous_intervals_match_holm_and_cover() -> None:
    """Five studies, two of which differ from the rest: all ten intervals cover together, and agree with the corrected tests."""
    means = np.array([0.0, 0.0, 0.0, 1.0, 1.5])
    rng, covered = np.random.default_rng(0), 0
    for _ in range(150):
        values = rng.normal(means, 1, (15, 5))
        pairs = compare([sample(name, values[:, index]) for index, name in enumerate("abcde")])
        truth = {(f, s): means["abcde".index(f)] - means["abcde".index(s)] for f in "abcde" for s in "abcde"}
        intervals = [pair.difference.means.interval for pair in pairs]
        assert all(interval is not None for interval in intervals)
        for pair, interval in zip(pairs, intervals, strict=True):
            assert interval is not None
            assert pair.p is not None
            assert (pair.p < 0.05) == (interval.low >= 0 or interval.high <= 0)
        covered += all(
            interval is not None and interval.low <= truth[pair.first, pair.second] <= interval.high
            for pair, interval in zip(pairs, intervals, strict=True)
        )
    assert covered / 150 > 0.91


def test_a_baseline_is_compared_with_every_other() -> None:
    samples = [sample(name, RNG.normal(0, 1, 8)) for name in "abcd"]
    pairs = compare_with_baseline(samples, "c")
    assert [(pair.first, pair.second) for pair in pairs] == [("c", "a"), ("c", "b"), ("c", "d")]
    assert {pair.family for pair in pairs} == {3}
    with pytest.raises(SampleError, match="there is no study 'e' to compare with: 'a', 'b', 'c' and 'd' are there"):
        compare_with_baseline(samples, "e")


def test_a_difference_that_seldom_matters_is_called_so() -> None:
    first = RNG.normal(0, 1, 1000)
    second = first + np.where(np.arange(1000) % 5 < 2, -1, 1)
    (pair,) = compare([sample("a", first), sample("b", second)])
    assert pair.better == "a"
    assert verdict(pair).endswith("; with P < 0.75 it seldom matters which of the two is run once")


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0496, "0.0496"),
        (0.0504, "0.0504"),
        (0.04999, "0.04999"),
        (0.05, "0.05"),
        (0.032, "0.032"),
        (0.00005, "< 0.0001"),
        (1, "1"),
    ],
)
def test_p_near_the_level_has_more_digits(p: float, text: str) -> None:
    assert p_value(p) == text
