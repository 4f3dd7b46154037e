"""The sentences of comparisons."""

from __future__ import annotations

import numpy as np
import pytest

from regnet.stats import Measure, Rules, Sample, compare, verdict
from regnet.stats.rules import Design
from tests.measures import ERROR_RATE

NOISE = np.resize([0.001, -0.001, 0.0], 20)


def sentence(first: list[float] | np.ndarray, second: list[float] | np.ndarray, rules: Rules | None = None) -> str:
    samples = [Sample(name, range(len(values)), values) for name, values in (("a", first), ("b", second))]
    (one,) = compare(samples, ERROR_RATE, rules or Rules())
    return verdict(one, ERROR_RATE)


def test_better() -> None:
    assert sentence(NOISE + 0.0205, np.full(20, 0.02)) == (
        "'b' is better than 'a' by 0.05 points (95 % interval 0.00983 to 0.0902 points), and on 65 % of the seeds "
        "(paired t, p = 0.017)"
    )


def test_better_by_rank() -> None:
    assert sentence(NOISE + 0.02, NOISE[::-1] + 0.025, Rules(test="rank", design="unpaired")) == (
        "'a' tends to be better than 'b': it is in 100 % of all pairs of runs (Mann–Whitney U, p < 0.0001)"
    )


def test_not_shown() -> None:
    assert sentence(NOISE + 0.0201, np.full(20, 0.02)) == (
        "no difference shown (paired t, p = 0.61): with 20 seeds a gap under 0.0234 points would be missed 4 times in 5, "
        "and one of 0.0601 points found 4 times in 5, if other seeds vary as these do"
    )


def test_corrected() -> None:
    shifts = {"a": NOISE + 0.02, "b": 0.02 - NOISE, "c": np.roll(NOISE, 1) + 0.03}
    found = compare([Sample(name, range(20), values) for name, values in shifts.items()], ERROR_RATE)
    assert verdict(found[0], ERROR_RATE).startswith(
        "no difference shown (paired t, p = 1 after Holm's correction over 3 comparisons)"
    )


def test_no_possible_gap_can_be_found() -> None:
    assert "a gap under 100 points would be missed 4 times in 5, and none that there can be is found" in sentence(
        [0.1, 0.9], [0.8, 0.2]
    )


def test_no_number_of_seeds_without_a_gap() -> None:
    assert sentence([0.1, 0.9], [0.9, 0.1]).endswith("found 4 times in 5, if other seeds vary as these do")


@pytest.mark.parametrize(("design", "test"), [("by_seed", "paired t"), ("unpaired", "Welch's t")])
def test_gaps_of_means_are_not_known_with_runs_far_from_the_rest(design: Design, test: str) -> None:
    first, second = NOISE + 0.0201, np.full(20, 0.02) + np.roll(NOISE, 1) / 2
    first[7] = 0.5
    said = sentence(first, second, Rules(design=design))
    assert said.startswith(f"no difference shown ({test}, p = ")
    assert said.endswith(
        "which gaps 20 seeds would find is not known, since it depends on how rare runs far from the rest are (1 here)"
    )
    assert "4 times in 5" in sentence(first, second, Rules(design=design, test="rank"))


def test_one_seed() -> None:
    assert sentence([0.1], [0.2]) == "nothing is shown: 1 seed, and a single one cannot distinguish a difference from chance"


def test_the_same_values() -> None:
    assert sentence(NOISE, NOISE) == "no difference: the same values with 20 seeds"


def test_no_spread() -> None:
    """Better on 20 of 20 seeds was "no test can judge it"; a sign test can."""
    few = "no difference shown (sign test, p = 0.25): exactly 10 points apart with 3 seeds, without any spread"
    assert sentence([0.2] * 3, [0.3] * 3) == few
    many = sentence(NOISE, NOISE + 0.001)
    assert many.startswith("'a' is better than 'b' by 0.1 points")
    assert many.endswith("and on 100 % of the seeds (sign test, p < 0.0001)")


def test_different_numbers_of_seeds() -> None:
    (one,) = compare([Sample("a", [1, 2], [1.0, 2.0]), Sample("b", [3, 4, 5], [1.0, 2.0, 3.0])], Measure())
    assert "with 2 and 3 seeds a gap under" in verdict(one)
