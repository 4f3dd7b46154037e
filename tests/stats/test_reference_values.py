"""Numbers of rliable, baycomp and autorank for the same values, recorded, with the calls that give them.

To repeat them, install the packages into a separate environment: two of them are no dependencies of regnet, and the third does not
import with every version of pandas::

    pip install rliable==1.2.0 baycomp==1.0.3 autorank==1.3.0 "pandas<3"

The numbers were recorded with numpy 2.4.6 and scipy 1.17.1. They must agree to 12 digits, except where a test says why not.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from regnet.stats import Sample, compare, describe
from regnet.stats.equivalence import equivalence
from regnet.stats.improvement import probability_below
from regnet.stats.over_data import compare_over_data
from regnet.stats.pairing import Matched
from regnet.stats.profile import performance_profile

FIRST = np.array([0.020, 0.025, 0.025, 0.031, 0.018, 0.025, 0.140, 0.022, 0.031, 0.019])
SECOND = np.array([0.031, 0.025, 0.040, 0.036, 0.025, 0.028, 0.052, 0.022, 0.200, 0.031])
"""Final values of two studies by seed: some are equal, in a study and between the two, and one of each is far from the rest."""
TAUS = [0.01, 0.018, 0.02, 0.024, 0.025, 0.03, 0.031, 0.1, 0.14, 0.2, 0.3]
TABLE = np.array(
    [
        [0.10, 0.12, 0.12],
        [0.31, 0.29, 0.35],
        [0.05, 0.05, 0.07],
        [0.22, 0.25, 0.24],
        [0.40, 0.44, 0.47],
        [0.18, 0.18, 0.18],
        [0.09, 0.11, 0.13],
        [0.27, 0.30, 0.29],
    ]
)
"""Values of three configurations on eight data sets."""

same = partial(pytest.approx, rel=1e-12, abs=1e-12)


def sample(name: str, values: np.ndarray, overlap: float = 0.0) -> Sample:
    return Sample(name, range(len(values)), values, overlap=overlap)


@pytest.mark.parametrize(
    ("n", "first", "second"),
    [
        (4, 0.025, 0.0335),
        (5, 0.023333333333333334, 0.030666666666666665),
        (6, 0.02375, 0.03),
        (7, 0.0252, 0.032),
        (9, 0.0256, 0.032),
        (10, 0.024666666666666667, 0.03183333333333333),
    ],
)
def test_interquartile_mean_of_rliable(n: int, first: float, second: float) -> None:
    """rliable 1.2.0: ``rliable.metrics.aggregate_iqm(FIRST[:n, None])``; a quarter of n, rounded down, is cut at either end."""
    for values, expected in ((FIRST, first), (SECOND, second)):
        assert describe(sample("a", values[:n]), np.random.default_rng(0)).interquartile_mean == same(expected)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [(FIRST, 0.020999999999999994, 0.04616666666666667), (SECOND, 0.0265, 0.06583333333333334)],
    ids=["first", "second"],
)
def test_interval_of_the_interquartile_mean_of_rliable(values: np.ndarray, low: float, high: float) -> None:
    """rliable 1.2.0, after ``np.random.seed(0)``, for FIRST and then SECOND in one process.

    ``library.get_interval_estimates({"a": values[:, None]}, lambda x: np.array([aggregate_iqm(x)]), reps=50_000)[1]["a"]``.
    The resamples are random: with other seeds, the ends differ by 0.001 or less.
    """
    found = describe(sample("a", values), np.random.default_rng(0)).middle_interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(
    ("n", "m", "second_above", "first_above"),
    [
        (10, 10, 0.745, 0.255),
        (7, 10, 0.7142857142857143, 0.24285714285714285),
        (1, 4, 1.0, 0.125),
        (10, 3, 0.75, 0.13333333333333333),
    ],
)
def test_probability_of_improvement_of_rliable(n: int, m: int, second_above: float, first_above: float) -> None:
    """rliable 1.2.0: ``rliable.metrics.probability_of_improvement(SECOND[:m, None], FIRST[:n, None])``, and with both exchanged.

    It is the probability that the first argument is larger, ties counting half.
    """
    for one, other, expected in ((FIRST, SECOND, second_above), (SECOND, FIRST, first_above)):
        assert probability_below(Matched(one[:n], other[:m], False, ())).value == same(expected)


@pytest.mark.parametrize(
    ("values", "below", "above"),
    [
        (
            FIRST,
            [0.0, 0.1, 0.3, 0.4, 0.7, 0.7, 0.9, 0.9, 1.0, 1.0, 1.0],
            [1.0, 1.0, 0.8, 0.6, 0.6, 0.3, 0.3, 0.1, 0.1, 0.0, 0.0],
        ),
        (
            SECOND,
            [0.0, 0.0, 0.0, 0.1, 0.3, 0.4, 0.6, 0.9, 0.9, 1.0, 1.0],
            [1.0, 1.0, 1.0, 0.9, 0.9, 0.6, 0.6, 0.1, 0.1, 0.1, 0.0],
        ),
    ],
    ids=["first", "second"],
)
def test_performance_profile_of_rliable(values: np.ndarray, below: list[float], above: list[float]) -> None:
    """rliable 1.2.0, whose profile is the share of runs above τ, so that a run equal to τ takes the number next to τ.

    ``library.create_performance_profile({"a": -values[:, None]}, -np.nextafter(TAUS, 1))[0]["a"]`` for the share at or
    below τ, and ``create_performance_profile({"a": values[:, None]}, np.nextafter(TAUS, 0))[0]["a"]`` for that at or above it.
    """
    for smaller, expected in ((True, below), (False, above)):
        assert performance_profile(values, smaller_is_better=smaller).at(np.array(TAUS)) == same(expected)


@pytest.mark.parametrize(
    ("rope", "runs", "first_better", "equal", "second_better"),
    [
        (0.002, 1, 0.30219797943671356, 0.047969027693494426, 0.649832992869792),
        (0.002, 2, 0.34324909552267585, 0.03906218735470546, 0.6176887171226186),
        (0.002, 5, 0.40966630605829135, 0.02315582349314782, 0.5671778704485608),
        (0.01, 1, 0.21786025649394825, 0.23626826833366565, 0.5458714751723861),
        (0.01, 2, 0.2710791214922846, 0.1932584043635126, 0.5356624741442029),
        (0.01, 5, 0.3645323480283841, 0.1153297966180521, 0.5201378553535638),
    ],
)
def test_correlated_t_test_of_baycomp(rope: float, runs: int, first_better: float, equal: float, second_better: float) -> None:
    """baycomp 1.0.3: ``baycomp.two_on_single(FIRST, SECOND, rope, runs=runs)``, that is ``CorrelatedTTest.probs``.

    Its values are scores, so that the first is better where it is larger. ``runs`` times cross-validation with ``10 / runs`` folds
    measures on a share ``runs / 10`` of a pool; the overlap is that share over the rest.
    """
    overlap = 1 / (len(FIRST) / runs - 1)
    (pair,) = compare([sample("first", FIRST, overlap), sample("second", SECOND, overlap)])
    found = equivalence(pair.difference, rope)
    assert (found.above, found.within, found.below) == same((first_better, equal, second_better))


@pytest.mark.parametrize(("shift", "probabilities"), [(0.5, (0.0, 0.0, 1.0)), (0.0, (0.0, 1.0, 0.0))])
def test_correlated_t_test_of_baycomp_without_spread(shift: float, probabilities: tuple[float, float, float]) -> None:
    """baycomp 1.0.3: ``baycomp.two_on_single(FIRST, FIRST + shift, 0.25)``."""
    (pair,) = compare([sample("first", FIRST, 1 / 9), sample("second", FIRST + shift, 1 / 9)])
    found = equivalence(pair.difference, 0.25)
    assert (found.above, found.within, found.below) == same(probabilities)


def test_friedman_and_average_ranks_of_autorank() -> None:
    """autorank 1.3.0, with ties: ``autorank.autorank(DataFrame(TABLE), order="ascending", force_mode="nonparametric")``.

    Its p is that of χ² with two degrees of freedom, and q in its critical difference has six digits; regnet's p is that of all
    permutations, or of F for more than 50 data sets.
    """
    found = compare_over_data(TABLE, "abc", smaller_is_better=True)
    assert found.average_ranks == same([1.3125, 2.125, 2.5625])
    assert found.chi_squared is not None
    assert np.exp(-found.chi_squared / 2) == same(0.019033808971804525)
    assert found.critical_difference == pytest.approx(1.1718519948373645, rel=1e-4)


def test_wilcoxon_of_autorank() -> None:
    """autorank 1.3.0: ``autorank.autorank(DataFrame(TABLE[:, [0, 2]]), order="ascending", force_mode="nonparametric").pvalue``.

    Its test is one-sided: whether the configuration with the larger median is larger. That of regnet is two-sided, so p is twice as
    large.
    """
    found = compare_over_data(TABLE[:, [0, 2]], "ac", smaller_is_better=True)
    assert found.average_ranks == same([1.0625, 1.9375])
    assert found.p == same(2 * 0.0078125)
