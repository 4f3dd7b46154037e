"""The attribution: its arithmetic, its errors, and the expected results of twenty rounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.report.paper.attribution import attribution
from regnet.report.paper.expected_spread import Sides, chance
from regnet.study.result import StudyResult
from tests.report.test_tables import result

SEEDS = 30
NOISE = np.random.default_rng(0).normal(0.02, 0.001, SEEDS)


def variation(seed: int) -> np.ndarray:
    """The variation of a cell, with mean zero."""
    own = np.random.default_rng(seed).normal(0, 1e-4, SEEDS)
    return own - own.mean()


def cells(*redraw: bool) -> list[StudyResult]:
    """Errors with effects of the initializer (3 points), the reduction (0.1), their interaction (0.4) and fixed data (1)."""
    made = []
    for index, (redrawn, first, second) in enumerate(product(redraw, (0, 1), (0, 1))):
        errors = NOISE + 0.03 * first + 0.001 * second + 0.004 * first * second + 0.01 * (not redrawn) + variation(index)
        config = {
            "streams": {"data": "seed" if redrawn else 0},
            "model": {"initializer": ("he_fan_out", {"name": "torch_default"})[first]},
            "loss": {"name": "mse", "reduction": ("sum", "mean")[second]},
        }
        made.append(result(errors.tolist(), **config))
    return made


def changes(results: list[StudyResult]) -> dict[str, str]:
    return {row[0]: row[1] for row in attribution(results).whole.table.rows}


def test_two_choices_by_hand() -> None:
    assert changes(cells(True)) == {
        "initializer: he_fan_out → torch_default": "+3.200 points",
        "loss reduction: sum → mean": "+0.300 points",
        "initializer × loss reduction (interaction)": "+0.200 points",
        "both at once: he_fan_out and sum → torch_default and mean": "+3.500 points",
    }
    assert attribution(cells(True)).chance is None


def test_three_choices_by_hand() -> None:
    found = changes(cells(True, False))
    assert found["data: redrawn → fixed"] == "+1.000 points"
    assert found["initializer: he_fan_out → torch_default"] == "+3.200 points"
    assert found["initializer × loss reduction (interaction)"] == "+0.200 points"
    assert found["data × initializer × loss reduction (interaction)"] in ("+0.000 points", "-0.000 points")
    assert found["both at once: he_fan_out and sum → torch_default and mean, data fixed"] == "+3.500 points"
    assert len(found) == 7 + 2


def test_the_order_of_the_studies_does_not_matter() -> None:
    assert changes(cells(True, False)[::-1]) == changes(cells(True, False))


def test_seeds_that_failed_in_a_study_are_left_out() -> None:
    made = cells(True)
    made[1] = replace(made[1], failures={3: "diverged"})
    assert "29 seeds" in attribution(made).whole.table.notes[0]


def test_headline_lists_clear_effects() -> None:
    clear, unclear = attribution(cells(True, False)).clearest.answer
    assert "loss reduction: sum → mean (+0.300 points)" in clear
    assert "data × initializer" in unclear


def test_networks_that_did_not_learn_are_left_out_of_a_second_table() -> None:
    made = cells(True, False)
    worse = made[2].history["test/error_rate"].copy()
    worse[[4, 7]] = 0.5
    made[2] = replace(made[2], history={"test/error_rate": worse})
    found = attribution(made)
    assert found.learned
    assert "28 seeds" in found.learned.title
    assert "seeds 4, 7: there" in found.learned.notes[0]
    change = {row[0]: row[1] for row in found.learned.table.rows}
    assert change["loss reduction: sum → mean"] in ("+0.299 points", "+0.300 points", "+0.301 points")
    assert found.whole.effects[2].difference.mean == pytest.approx(
        np.mean([one.history["test/error_rate"][:, -1] for one in made[1::2]])
        - np.mean([one.history["test/error_rate"][:, -1] for one in made[::2]])
    )
    assert found.tables == (found.whole.table, found.learned.table, found.chance)
    assert attribution(cells(True)).learned is None


def test_other_studies_are_an_error() -> None:
    with pytest.raises(ConfigError, match="a study for each combination of"):
        attribution(cells(True)[:3])
    with pytest.raises(ConfigError, match="got seed/he_fan_out/sum"):
        attribution(cells(True)[:1])


def test_too_few_seeds_are_an_error() -> None:
    lost = [replace(one, failures=dict.fromkeys(range(1, SEEDS), "diverged")) for one in cells(True)]
    with pytest.raises(ConfigError, match="at least 2 seeds"):
        attribution(lost)


def test_expected_spread_equals_a_simulation() -> None:
    """Simulates tables of 20 rounds with the given standard deviations of data sets and weights."""
    rng = np.random.default_rng(1)
    between, within, gap = 0.004, 0.003, 0.0015

    def tables(count: int, rounds: int) -> np.ndarray:
        """The mean of 20 rounds with `rounds` different data sets."""
        data = rng.normal(0, between, (count, rounds))
        return np.asarray(0.015 + np.repeat(data, 20 // rounds, 1).mean(-1) + rng.normal(0, within, (count, 20)).mean(-1))

    whole = rng.normal(0.015, np.hypot(between, within), 200_000)
    inner = rng.normal(0.017, within, 200_000)
    redrawn = Sides(whole, rng.permutation(whole) + gap)
    rows = {row[0]: row for row in chance(redrawn, Sides(inner, rng.permutation(inner) + gap)).rows}
    for name, rounds in (("its own in every round", 20), ("one data set for each of the two", 1)):
        gaps = tables(200_000, rounds) + gap - tables(200_000, rounds)
        spread = float(rows[name][4].split("±")[1].removesuffix(" points")) / 100
        assert spread == pytest.approx(gaps.std(), abs=1e-4)
        often = float(rows[name][5].removesuffix(" in 100"))
        assert often == pytest.approx(100 * (gaps >= 0.0047).mean(), abs=0.5)
    assert rows["its own in every round, the same for both"][1] == rows["its own in every round"][1]


def test_one_data_set_for_both_sides_has_the_interaction_of_data_and_side() -> None:
    """Simulates gaps of 20 rounds of both sides on one data set, which the two sides find hard to different degrees."""
    rng = np.random.default_rng(2)
    common, own, within, gap = 0.004, 0.0015, 0.003, 0.0015

    def sides(data_sets: int, rounds: int) -> np.ndarray:
        hard = rng.normal(0, common, (data_sets, 1, 1)) + rng.normal(0, own, (data_sets, 2, 1))
        return np.asarray(0.015 + hard + rng.normal(0, within, (data_sets, 2, rounds)) + np.array([0, gap])[None, :, None])

    redrawn, fixed = sides(200_000, 1)[:, :, 0], sides(1, 200_000)[0]
    rows = {row[0]: row for row in chance(Sides(redrawn[:, 0], redrawn[:, 1]), Sides(fixed[0], fixed[1])).rows}
    means = sides(200_000, 20).mean(-1)
    for name, gaps in (
        ("one data set for all rounds of both", means[:, 1] - means[:, 0]),
        ("its own in every round, the same for both", (redrawn[:, 1] - redrawn[:, 0]).reshape(-1, 20).mean(-1)),
    ):
        spread = float(rows[name][4].split("±")[1].removesuffix(" points")) / 100
        assert spread == pytest.approx(gaps.std(), abs=1e-4)
