"""Holm's correction against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from regnet.stats.holm import holm


@pytest.mark.parametrize("m", [1, 2, 6, 45])
def test_holm_equals_statsmodels(m: int) -> None:
    p = np.random.default_rng(m).beta(0.3, 3, m)
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1])


def test_missing_tests_are_not_counted() -> None:
    assert holm([0.01, None, 0.04]) == [0.02, None, 0.04]
    assert holm([None]) == [None]
