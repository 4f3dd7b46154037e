"""Splits of one pool, which share examples: the corrected resampled t test, and equal learners that are seldom called different."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from regnet.stats import Rules, Sample, SampleError, compare, summarize
from regnet.stats.measure import UNBOUNDED
from regnet.stats.verdict import verdict

SHARE = 0.2
OVERLAP = SHARE / (1 - SHARE)


def sample(name: str, values: np.ndarray, overlap: float = OVERLAP) -> Sample:
    return Sample(name, range(len(values)), values, overlap=overlap)


def test_corrected_resampled_t_by_hand() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.3, 0.1, 10), rng.normal(0.25, 0.1, 10)
    (pair,) = compare([sample("a", first), sample("b", second)])
    d = first - second
    error = d.std(ddof=1) * sqrt(1 / 10 + 0.2 / 0.8)
    assert pair.difference.test == "corrected resampled t"
    assert pair.difference.standard_error == pytest.approx(error)
    assert pair.p == pytest.approx(2 * stats.t.sf(abs(d.mean()) / error, 9))
    interval = pair.difference.means.interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(stats.t.interval(0.95, 9, d.mean(), error))


def test_the_interval_of_a_mean_is_corrected() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.4])
    plain, corrected = summarize(values), summarize(values, overlap=OVERLAP)
    assert (corrected.high - corrected.mean) / (plain.high - plain.mean) == pytest.approx(sqrt((1 / 4 + 0.25) * 4))


def equal_learners(examples: int, seeds: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the errors of two learners that are equal by symmetry, on splits of one pool: by the nearest mean of one feature."""
    y = rng.integers(0, 2, examples)
    x = y[:, None] + rng.normal(0, 1, (examples, 2))
    errors = np.empty((seeds, 2))
    for seed in range(seeds):
        order = rng.permutation(examples)
        test, train = order[: int(SHARE * examples)], order[int(SHARE * examples) :]
        middle = (x[train][y[train] == 0].mean(0) + x[train][y[train] == 1].mean(0)) / 2
        errors[seed] = ((x[test] > middle) != y[test][:, None]).mean(0)
    return errors[:, 0], errors[:, 1]


@pytest.mark.parametrize("seeds", [5, 20])
def test_equal_learners_are_seldom_called_different(seeds: int) -> None:
    """Without the correction, they are in about 12 of 100 comparisons of 5 seeds and 40 of 100 of 20."""
    rng = np.random.default_rng(seeds)
    found = np.zeros(2)
    for _ in range(200):
        first, second = equal_learners(400, seeds, rng)
        for index, overlap in enumerate((0.0, OVERLAP)):
            (pair,) = compare([sample("a", first, overlap), sample("b", second, overlap)])
            found[index] += pair.better is not None
    plain, corrected = found / 200
    assert corrected < 0.09
    assert plain > 0.08 if seeds == 5 else plain > 0.3


def test_rank_tests_are_refused() -> None:
    pair = [sample("a", np.array([1.0, 2, 3, 4, 5, 6])), sample("b", np.array([2.0, 3, 3, 5, 6, 8]))]
    with pytest.raises(SampleError, match="a rank test takes independent runs"):
        compare(pair, rules=Rules(test="rank"))


def test_no_test_judges_equal_differences() -> None:
    first = np.linspace(0.1, 0.2, 20)
    (pair,) = compare([sample("a", first), sample("b", first + 0.001)])
    assert (pair.p, pair.better) == (None, None)
    assert "which share examples" in verdict(pair, UNBOUNDED)


def test_power_knows_the_correction() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, 20), rng.normal(0, 1, 20)
    (plain,), (corrected,) = (compare([sample("a", values[0], o), sample("b", values[1], o)]) for o in (0.0, OVERLAP))
    assert plain.power is not None
    assert corrected.power is not None
    assert corrected.power.found / plain.power.found == pytest.approx(sqrt((1 / 20 + OVERLAP) * 20), rel=0.15)
