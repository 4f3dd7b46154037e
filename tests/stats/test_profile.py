"""Performance profiles: shares counted by hand, and a band that contains the whole true curve as often as it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from regnet.stats import SampleError
from regnet.stats.profile import Profile, performance_profile

VALUES = np.array([0.3, 0.1, 0.2, 0.2])
BELOW = [0.05, 0.1, 0.15, 0.2, 0.29, 0.3, 9.0]

Draw = Callable[[np.random.Generator, int], np.ndarray]
Truth = Callable[[np.ndarray], np.ndarray]


def test_shares_of_runs_at_or_below_each_value() -> None:
    found = performance_profile(VALUES, 1, smaller_is_better=True)
    assert (found.n, found.thresholds.tolist(), found.shares.tolist()) == (5, [0.1, 0.2, 0.3], [0.2, 0.6, 0.8])
    assert found.at(np.array(BELOW)).tolist() == [0, 0.2, 0.2, 0.6, 0.6, 0.8, 0.8]


def test_shares_of_runs_at_or_above_each_value() -> None:
    found = performance_profile(VALUES, 1, smaller_is_better=False)
    assert (found.n, found.thresholds.tolist(), found.shares.tolist()) == (5, [0.1, 0.2, 0.3], [0.8, 0.6, 0.2])
    assert found.at(np.array(BELOW)).tolist() == [0.8, 0.8, 0.6, 0.6, 0.2, 0.2, 0]


def test_best_value_that_a_share_of_the_runs_reaches() -> None:
    low, high = (performance_profile(VALUES, 1, smaller_is_better=smaller) for smaller in (True, False))
    assert [low.reached_by(share) for share in (0.2, 0.5, 0.6, 0.8, 0.9)] == [0.1, 0.2, 0.2, 0.3, None]
    assert [high.reached_by(share) for share in (0.2, 0.5, 0.6, 0.8, 0.9)] == [0.3, 0.2, 0.2, 0.1, None]


@pytest.mark.parametrize(
    ("n", "level", "reach"), [(2, 0.95, 0.84189), (5, 0.95, 0.56328), (10, 0.99, 0.48893), (20, 0.95, 0.29408)]
)
def test_band_is_as_wide_as_in_millers_table(n: int, level: float, reach: float) -> None:
    """Miller, "Table of percentage points of Kolmogorov statistics", JASA 51 (1956)."""
    found = performance_profile(np.arange(n - 1.0), 1, smaller_is_better=True, level=level)
    assert found.reach == pytest.approx(reach, abs=5e-6)
    band = found.band(np.array([0.0, 0.5, 1.0]))
    assert band is not None
    low, high = band
    assert low == pytest.approx([0, max(0, 0.5 - reach), 1 - reach], abs=5e-6)
    assert high == pytest.approx([reach, min(1, 0.5 + reach), 1], abs=5e-6)


def holds(found: Profile, truth: Truth) -> bool:
    """Whether the whole true curve is in the band: at the ends of each step."""
    points = np.concatenate([found.thresholds, np.nextafter(found.thresholds, -np.inf), np.nextafter(found.thresholds, np.inf)])
    band, true = found.band(found.at(points)), truth(points)
    assert band is not None
    return bool(((band[0] <= true + 1e-12) & (true <= band[1] + 1e-12)).all())


def coverage(draw: Draw, truth: Truth, n: int, overlap: float = 0.0, trials: int = 1000, *, smaller: bool = True) -> float:
    """The share of bands of n runs that contain the whole true curve; infinite values are failed runs."""
    rng, held = np.random.default_rng(n), 0
    for _ in range(trials):
        values = draw(rng, n)
        kept = values[np.isfinite(values)]
        held += holds(performance_profile(kept, n - len(kept), smaller_is_better=smaller, overlap=overlap), truth)
    return held / trials


def allowed(trials: int = 1000) -> float:
    return 3 * float(np.sqrt(0.95 * 0.05 / trials))


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n)


def failing(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.random(n) < 0.2, np.inf, rng.normal(size=n))


def mistakes(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.binomial(400, 0.02, n).astype(float)


@pytest.mark.parametrize("n", [2, 3, 5, 20])
@pytest.mark.parametrize(("smaller", "truth"), [(True, stats.norm.cdf), (False, stats.norm.sf)], ids=["smaller", "larger"])
def test_band_contains_the_whole_curve_of_runs_without_ties(n: int, smaller: bool, truth: Truth) -> None:
    """Neither less often than it says, as a band for each value alone would, nor more often."""
    assert coverage(normal, truth, n, smaller=smaller) == pytest.approx(0.95, abs=allowed())


@pytest.mark.parametrize("n", [2, 3, 5, 20])
@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        pytest.param(failing, lambda x: 0.8 * stats.norm.cdf(x), id="a fifth fails"),
        pytest.param(mistakes, lambda x: stats.binom.cdf(x, 400, 0.02), id="numbers of mistakes"),
    ],
)
def test_band_contains_the_whole_curve_of_runs_with_ties(n: int, draw: Draw, truth: Truth) -> None:
    assert coverage(draw, truth, n) >= 0.95 - allowed()


@pytest.mark.parametrize("n", [10, 100])
def test_band_of_splits_of_one_pool(n: int) -> None:
    """Runs that measure on a tenth of a pool, with that correlation; without the correction, fewer bands contain the curve."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.asarray(np.sqrt(0.1) * rng.normal() + np.sqrt(0.9) * rng.normal(size=n))

    assert coverage(draw, stats.norm.cdf, n, overlap=1 / 9) >= 0.95 - allowed()
    assert coverage(draw, stats.norm.cdf, n) < 0.9


def test_all_runs_failed() -> None:
    found = performance_profile(np.array([]), 5, smaller_is_better=True)
    assert found.at(np.array([0.0, 1e9])).tolist() == [0, 0]
    assert found.reached_by(0.2) is None
    assert found.reach == pytest.approx(0.56328, abs=5e-6)


@pytest.mark.parametrize(("n", "overlap"), [(1, 0.0), (2, 0.25), (20, 1.0)])
def test_too_few_independent_runs_have_no_band(n: int, overlap: float) -> None:
    found = performance_profile(np.arange(float(n)), smaller_is_better=True, overlap=overlap)
    assert found.reach is None
    assert found.band(found.shares) is None
    assert found.shares[-1] == 1


def test_no_runs_are_an_error() -> None:
    with pytest.raises(SampleError, match="takes at least one run, got none"):
        performance_profile(np.array([]), smaller_is_better=True)
