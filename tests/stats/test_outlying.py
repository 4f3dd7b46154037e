"""Runs that are unlike the rest, and rates with exact intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regnet.stats.bootstrap import middle_interval
from regnet.stats.outlying import far, rate


def test_one_dead_network_among_others_is_far() -> None:
    values = np.append(np.random.default_rng(0).normal(0.015, 0.004, 99), 0.506)
    assert far(values).tolist() == [99]


@pytest.mark.parametrize("draw", ["normal", "lognormal", "binomial"])
def test_usual_values_are_seldom_far(draw: str) -> None:
    rng = np.random.default_rng(0)
    samples = {
        "normal": rng.normal(0, 1, (500, 20)),
        "lognormal": rng.lognormal(0, 0.5, (500, 20)),
        "binomial": rng.binomial(200, 0.02, (500, 20)) / 200,
    }[draw]
    assert np.mean([len(far(values)) > 0 for values in samples]) < 0.03


def test_few_or_equal_values_are_not_judged() -> None:
    assert far(np.array([0.0, 0, 0, 1])).size == 0
    assert far(np.array([0.0, 0, 0, 0, 0, 0, 1])).size == 0


@pytest.mark.parametrize(("count", "n"), [(0, 100), (1, 100), (3, 7), (7, 7)])
def test_rate_is_clopper_and_pearsons(count: int, n: int) -> None:
    found = rate(count, n)
    expected = stats.binomtest(count, n).proportion_ci(0.95, method="exact")
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))


def test_interval_of_the_middle_covers() -> None:
    rng = np.random.default_rng(0)
    covered = [middle_interval(rng.normal(0, 1, 30), rng, resamples=400) for _ in range(400)]
    assert np.mean([found.low <= 0 <= found.high for found in covered]) > 0.90
