"""The shares of sources in the variance, against functions whose Sobol' indices are known, and by simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from regnet.stats import SampleError
from regnet.stats.variance_shares import VarianceShares, design, variance_shares

Function = Callable[[np.ndarray], np.ndarray]
"""From independent standard normal sources ``(..., k)`` to values ``(...)``."""


class Known(NamedTuple):
    """A function with its Sobol' indices and its standard deviation."""

    function: Function
    alone: list[float]
    total: list[float]
    std: float


def products(linear: list[float], product: float) -> Known:
    """``Σ a_i x_i + b x_1 x_2``: its terms are uncorrelated, and the product counts for both of its factors."""
    squares = np.array(linear) ** 2
    variance = squares.sum() + product**2
    total = squares + product**2 * np.array([1, 1, *[0] * (len(linear) - 2)])
    function: Function = lambda x: x @ np.array(linear) + product * x[..., 0] * x[..., 1]  # noqa: E731
    return Known(function, list(squares / variance), list(total / variance), variance**0.5)


def exponential(linear: list[float]) -> Known:
    """``exp(Σ a_i x_i)``, which is skewed: its parts are products of log-normal ones with the variances ``exp(a_i²) - 1``."""
    each = np.expm1(np.array(linear) ** 2)
    product = float(np.prod(1 + each))
    total = [float(part * product / (1 + part) / (product - 1)) for part in each]
    function: Function = lambda x: np.exp(x @ np.array(linear))  # noqa: E731
    return Known(function, list(each / (product - 1)), total, float(np.sqrt(product * (product - 1))))


ADDITIVE = products([1.0, 0.6, 0.3], 0.0)
INTERACTING = products([1.0, 0.6, 0.3], 0.8)
SKEWED = exponential([0.8, 0.5, 0.25])
FOUR = products([1.0, 0.5, 0.5, 0.1], 1.0)


def studies(function: Function, k: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """The values ``(m, n)`` of the studies of the design."""
    first, other = rng.normal(size=(2, n, k))
    return np.stack([function(np.where(row, other, first)) for row in design(k)])


def shares(known: Known, n: int, rng: np.random.Generator) -> VarianceShares:
    k = len(known.alone)
    return variance_shares(studies(known.function, k, n, rng), design(k))


def as_arrays(found: VarianceShares) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([share.alone.value for share in found.sources]),
        np.array([share.with_interactions.value for share in found.sources]),
    )


def test_design() -> None:
    assert_array_equal(design(1), [[False]])
    assert_array_equal(design(2), [[False, False], [False, True], [True, False], [True, True]])
    for k in (3, 4, 5):
        rows = design(k)
        assert len(rows) == k + 2
        assert not rows[0].any()
        differing = {tuple(first ^ second) for first in rows for second in rows}
        for source in np.eye(k, dtype=bool):
            assert {tuple(source), tuple(~source)} <= differing


@pytest.mark.parametrize(
    "known", [ADDITIVE, INTERACTING, FOUR, products([1.0, 0.7], 0.9)], ids=["additive", "interacting", "four", "two"]
)
def test_many_seeds_give_the_known_indices(known: Known) -> None:
    found = shares(known, 400_000, np.random.default_rng(0))
    alone, total = as_arrays(found)
    assert_allclose(alone, known.alone, atol=0.01)
    assert_allclose(total, known.total, atol=0.01)
    assert found.std.value == pytest.approx(known.std, rel=0.01)
    assert [share.std for share in found.sources] == pytest.approx(known.std * np.sqrt(known.total), rel=0.02, abs=0.01)


def test_two_sources_by_hand() -> None:
    """Jansen's estimator over the variance of both studies of each pair, the mean of which is not known."""
    a, b, c, d = values = studies(products([1.0, 0.7], 0.9).function, 2, 8, np.random.default_rng(1))
    found = variance_shares(values, np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=bool))

    def correlation(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
        between = np.mean([((x + y) / 2).var(ddof=1) for x, y in pairs])
        within = np.mean([(((x - y) / 2) ** 2).mean() for x, y in pairs])
        return float((between - within) / (between + within))

    first, second = correlation([(a, b), (c, d)]), correlation([(a, c), (b, d)])
    assert first < 1 - second, "else the share alone is cut"
    assert [share.alone.value for share in found.sources] == pytest.approx([first, second])
    assert [share.with_interactions.value for share in found.sources] == pytest.approx([1 - second, 1 - first])
    assert found.std.value == pytest.approx(np.sqrt(np.mean([row.var(ddof=1) for row in values])))


def test_correlation_is_jansens_estimator_over_the_pooled_variance() -> None:
    """Up to a degree of freedom, which vanishes with many seeds."""
    values = studies(INTERACTING.function, 3, 2000, np.random.default_rng(1))
    found = variance_shares(values, design(3))
    base, other = values[0], values[1]  # which differ in the last source
    jansen = ((base - other) ** 2).mean() / 2 / np.concatenate([base, other]).var()
    assert found.sources[2].with_interactions.value == pytest.approx(jansen, rel=1e-3)


def test_intervals_by_leaving_out_each_seed() -> None:
    values = studies(INTERACTING.function, 3, 12, np.random.default_rng(2))
    found = variance_shares(values, design(3))
    left_out = [variance_shares(np.delete(values, seed, axis=1), design(3)) for seed in range(12)]
    scale = np.arctanh([1 - one.sources[0].with_interactions.value for one in left_out])
    center = np.arctanh(1 - found.sources[0].with_interactions.value)
    reach = 2.2009852 * np.sqrt(11 / 12 * ((scale - scale.mean()) ** 2).sum())
    interval = found.sources[0].with_interactions.interval
    assert interval is not None
    assert [interval.low, interval.high] == pytest.approx(np.clip(1 - np.tanh([center + reach, center - reach]), 0, 1))


def test_values_on_any_scale() -> None:
    """A shift and a scale of the values changes no share; the standard deviation has the scale."""
    values = studies(INTERACTING.function, 3, 20, np.random.default_rng(3))
    first, second = variance_shares(values, design(3)), variance_shares(1e6 + 1e-3 * values, design(3))
    assert_allclose(as_arrays(first), as_arrays(second), rtol=1e-6)
    assert second.std.value == pytest.approx(1e-3 * first.std.value)


def test_source_without_influence() -> None:
    found = shares(products([1.0, 0.5, 0.0], 0.0), 30, np.random.default_rng(4))
    share = found.sources[2]
    assert share.with_interactions.value == pytest.approx(0, abs=1e-9)
    assert share.std == pytest.approx(0, abs=1e-5)
    assert share.with_interactions.interval is not None
    assert share.with_interactions.interval.high < 1e-6
    assert found.larger[0, 2]
    assert not found.larger[2, 0]
    for each in found.sources:
        for estimate in (each.alone, each.with_interactions):
            assert estimate.interval is not None
            assert 0 <= estimate.interval.low <= estimate.interval.high <= 1


def test_share_alone_is_at_most_that_with_interactions() -> None:
    """The first is estimated from studies that differ in almost everything, and the second, if it is small, far better."""
    rng, above = np.random.default_rng(8), 0
    for _ in range(20):
        values = studies(products([1.0, 0.5, 0.05], 0.0).function, 3, 15, rng)
        share = variance_shares(values, design(3)).sources[2]
        assert share.alone.value <= share.with_interactions.value < 0.05
        assert share.alone.interval is not None
        assert share.with_interactions.interval is not None
        assert share.alone.interval.high <= share.with_interactions.interval.high
        above += np.corrcoef(values[1], values[4])[0, 1] > 0.05
    assert above, "without the cut, some would be larger"


def test_one_source_has_everything() -> None:
    values = np.array([[0.1, 0.2, 0.4, 0.3]])
    found = variance_shares(values, design(1))
    assert [found.sources[0].alone.value, found.sources[0].with_interactions.value] == [1, 1]
    assert found.sources[0].std == found.std.value == pytest.approx(values[0].std(ddof=1))
    assert found.largest == 0


def test_spread_by_a_single_seed_has_no_finite_interval() -> None:
    """Without this seed, the values do not vary."""
    values = np.zeros((4, 6))
    values[:, 2] = [1.0, 1.0, 0.9, 1.0]
    found = variance_shares(values, design(2))
    assert found.std.interval is None
    assert not found.is_shown


def test_errors() -> None:
    with pytest.raises(SampleError, match="at least 3 seeds that every study has; there are 2"):
        variance_shares(np.array([[0.1, 0.2]]), design(1))
    with pytest.raises(SampleError, match="do not vary from seed to seed"):
        variance_shares(np.full((4, 5), 0.1), design(2))
    with pytest.raises(SampleError, match="differ in exactly the sources number 2, 3, 4"):
        variance_shares(np.random.default_rng(0).normal(size=(5, 5)), design(4)[:-1])


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 20, 50])
@pytest.mark.parametrize(
    ("known", "least", "least_std"),
    [(ADDITIVE, 0.90, 0.92), (INTERACTING, 0.89, 0.89), (SKEWED, 0.84, 0.77)],
    ids=["additive", "interacting", "skewed"],
)
def test_coverage_of_the_intervals(known: Known, n: int, least: float, least_std: float) -> None:
    """At 95 %, they cover 88 to 96 % for moderate functions and less for very skewed ones, as `variance_shares` says.

    A share may differ by three standard errors.
    """
    rng, trials = np.random.default_rng(n), 400
    held = []
    for _ in range(trials):
        found = shares(known, n, rng)
        estimates = [share.alone for share in found.sources] + [share.with_interactions for share in found.sources] + [found.std]
        truths = [*known.alone, *known.total, known.std]
        held.append([one.interval is not None and truth in one.interval for one, truth in zip(estimates, truths, strict=True)])
    *of_shares, of_std = np.mean(held, axis=0).tolist()
    assert min(of_shares) > least - 3 * np.sqrt(least * (1 - least) / trials)
    assert of_std > least_std - 3 * np.sqrt(least_std * (1 - least_std) / trials)
    assert max(of_shares) < 0.98


@pytest.mark.slow
@pytest.mark.parametrize("coefficients", [[1.0, 1.0], [1.0, 1.0, 0.1], [1.0, 1.0, 1.0]], ids=["two", "two of three", "three"])
def test_equal_shares_are_seldom_shown_to_differ(coefficients: list[float]) -> None:
    rng, trials = np.random.default_rng(5), 400
    wrong = np.mean([shares(products(coefficients, 0.0), 20, rng).is_shown for _ in range(trials)])
    assert wrong < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_large_share_is_shown() -> None:
    rng = np.random.default_rng(6)
    shown = [shares(products([1.0, 0.3, 0.3], 0.0), 50, rng) for _ in range(50)]
    assert np.mean([found.is_shown and found.largest == 0 for found in shown]) > 0.9


@pytest.mark.slow
def test_design_needs_fewer_runs_than_separate_pairs() -> None:
    """With 210 runs in all, k + 2 studies have smaller errors than 2k + 1, and than all 2^k."""
    k, rng = 3, np.random.default_rng(7)
    every = np.array(list(np.ndindex(*[2] * k)), dtype=bool)
    apart = np.concatenate([np.zeros((1, k), dtype=bool), np.eye(k, dtype=bool), ~np.eye(k, dtype=bool)])
    truth = np.array([INTERACTING.alone, INTERACTING.total])

    def error(rows: np.ndarray) -> float:
        n, squares = 210 // len(rows), []
        for _ in range(200):
            first, other = rng.normal(size=(2, n, k))
            values = np.stack([INTERACTING.function(np.where(row, other, first)) for row in rows])
            squares.append((np.array(as_arrays(variance_shares(values, rows))) - truth) ** 2)
        return float(np.mean(squares))

    assert error(design(k)) < 0.95 * min(error(apart), error(every))
