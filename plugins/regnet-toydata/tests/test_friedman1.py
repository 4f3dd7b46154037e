"""Friedman's first problem: the formula, and the noise around it."""

from __future__ import annotations

import numpy as np
import pytest
from examples import draw
from regnet_toydata import Friedman1


def formula(x: np.ndarray) -> np.ndarray:
    one, two, three, four, five = x.T[:5]
    return np.asarray(10 * np.sin(np.pi * one * two) + 20 * (three - 0.5) ** 2 + 10 * four + 5 * five)


def test_values_without_noise() -> None:
    split = draw(Friedman1(noise=0)).train
    np.testing.assert_allclose(split.y[:, 0].numpy(), formula(split.x.double().numpy()), rtol=1e-5)


def test_formula_equals_scikit_learn() -> None:
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(n_samples=20, random_state=0)
    np.testing.assert_allclose(formula(x), y)


def test_noise() -> None:
    split = draw(Friedman1(noise=2.0, features=6, train_size=40_000)).train
    error = split.y[:, 0].double().numpy() - formula(split.x.double().numpy())
    assert error.mean() == pytest.approx(0, abs=0.05)
    assert error.std() == pytest.approx(2, abs=0.04)
    assert split.x.shape == (40_000, 6)
    assert ((split.x >= 0) & (split.x < 1)).all()
    assert split.x.mean(0).tolist() == pytest.approx([0.5] * 6, abs=0.01)
