"""Power against statsmodels, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from regnet.stats.difference import difference
from regnet.stats.pairing import Matched
from regnet.stats.power import power

NOISE = stats.norm.ppf((np.arange(20) + 0.5) / 20)
NOISE /= NOISE.std(ddof=1)
"""Twenty values of mean 0 and standard deviation 1."""


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 45])
def test_paired_equals_statsmodels(alpha: float) -> None:
    found = power(difference(Matched(NOISE + 0.3, np.zeros(20), True, ())), 20, alpha)
    reference = TTestPower()
    assert found is not None
    assert reference.power(found.found, 20, alpha) == pytest.approx(0.8, abs=1e-5)
    assert reference.power(found.missed, 20, alpha) == pytest.approx(0.2, abs=2e-3)  # statsmodels also counts the opposite tail
    assert found.needed == np.ceil(reference.solve_power(0.3, power=0.8, alpha=alpha))


def test_unpaired_equals_statsmodels() -> None:
    found = power(difference(Matched(NOISE + 0.3, NOISE, False, ())), 20, 0.05)
    reference = TTestIndPower()
    assert found is not None
    assert reference.power(found.found, 20, 0.05) == pytest.approx(0.8, abs=1e-5)
    assert found.needed == np.ceil(reference.solve_power(0.3, power=0.8, alpha=0.05))


@pytest.mark.parametrize("n", [5, 20, 200])
def test_rates_of_found_and_missed_gaps(n: int) -> None:
    """For 4,000 pairs of samples, within three standard errors."""
    rng, noise = np.random.default_rng(n), np.resize([-1.0, 1.0], n)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    said = power(difference(Matched(noise, np.zeros(n), True, ())), n, 0.05)
    assert said is not None
    for gap, share in ((said.found, 0.8), (said.missed, 0.2)):
        p = stats.ttest_1samp(rng.normal(gap, 1, (4000, n)), 0, axis=-1).pvalue
        assert (p < 0.05).mean() == pytest.approx(share, abs=3 * np.sqrt(0.16 / 4000))


def test_number_of_seeds_needed_is_the_smallest() -> None:
    said = power(difference(Matched(NOISE + 0.3, np.zeros(20), True, ())), 20, 0.05)
    assert said is not None
    assert said.needed is not None
    enough, short = (TTestPower().power(0.3, n, 0.05) for n in (said.needed, said.needed - 1))
    assert short < 0.8 <= enough


def test_number_of_seeds_for_no_gap() -> None:
    said = power(difference(Matched(NOISE - NOISE.mean(), np.zeros(20), True, ())), 20, 0.05)
    assert said is not None
    assert said.needed is None


def test_no_power_without_spread() -> None:
    assert power(difference(Matched(np.ones(4), np.zeros(4), True, ())), 4, 0.05) is None
