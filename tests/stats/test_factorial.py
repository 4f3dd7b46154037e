"""Effects of factorial experiments, by hand and against scipy's paired t test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regnet.stats import factorial_effects


def test_two_factors_by_hand() -> None:
    noise = np.array([-1.0, 0.0, 1.0])  # shared by all cells, so pairing removes it
    first, second, both, wobble = 2.0, 5.0, 0.5, np.array([0.1, 0.0, -0.1])  # the variation is only in the first factor
    cells = np.array([[noise, noise + second], [noise + first + wobble, noise + first + second + 2 * both + wobble]])
    effects = {effect.name: effect.difference for effect in factorial_effects(cells, ("a", "b"))}
    assert effects["a"].mean == pytest.approx(first + both)
    assert effects["b"].mean == pytest.approx(second + both)
    assert effects["a × b (interaction)"].mean == pytest.approx(both)
    assert effects["a"].std == pytest.approx(0.1)
    assert effects["b"].std == pytest.approx(0.0, abs=1e-12)


def test_three_factors_by_hand() -> None:
    """Each contrast is the sum of all cells, signed by the product of its factors' levels, over 4."""
    cells = np.random.default_rng(4).normal(size=(2, 2, 2, 6))
    sign = np.array([-1.0, 1.0])
    a, b, c = sign[:, None, None, None], sign[:, None, None], sign[:, None]
    by_hand = {"a": a, "b": b, "c": c, "a × b": a * b, "a × c": a * c, "b × c": b * c, "a × b × c": a * b * c}
    effects = factorial_effects(cells, ("a", "b", "c"))
    assert [effect.name.removesuffix(" (interaction)") for effect in effects] == list(by_hand)
    for effect, signs in zip(effects, by_hand.values(), strict=True):
        assert effect.difference.mean == pytest.approx((cells * signs).sum((0, 1, 2)).mean() / 4)


def test_effect_without_spread_has_no_p_value() -> None:
    cells = np.zeros((2, 2, 4))
    cells[1] = 2.0
    assert [np.isnan(effect.p) for effect in factorial_effects(cells, ("a", "b"))] == [True, True, True]


def test_effect_equals_the_paired_t_test() -> None:
    cells = np.random.default_rng(3).normal(size=(2, 2, 30))
    effect = factorial_effects(cells, ("a", "b"))[0]
    expected = stats.ttest_rel(cells[1].mean(0), cells[0].mean(0))
    assert effect.p == pytest.approx(expected.pvalue)
    assert effect.difference.low == pytest.approx(expected.confidence_interval().low)
