"""Noncentrality parameters against scipy's distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regnet.stats.noncentral import FAR, noncentrality

tails = pytest.mark.parametrize("p", [0.025, 0.2, 0.8, 0.975])
freedoms = pytest.mark.parametrize("freedom", [1, 4.5, 19, 499])


@tails
@freedoms
@pytest.mark.parametrize("t", [-3.0, 0.5, 40.0, 999.0])
def test_small_values(p: float, freedom: float, t: float) -> None:
    assert stats.nct.cdf(t, freedom, noncentrality(p, t, freedom)) == pytest.approx(p, abs=1e-4)


@tails
@freedoms
@pytest.mark.parametrize("sign", [-1, 1])
def test_large_values_are_continuous_with_small_ones(p: float, freedom: float, sign: int) -> None:
    near, far = (noncentrality(p, sign * t, freedom) for t in (FAR, np.nextafter(FAR, np.inf)))
    assert far == pytest.approx(near, rel=5e-4)
