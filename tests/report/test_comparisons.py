"""Assessments of studies: which are compared, the correction, the winner, and the tables and sentences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.report.assessment import EACH_WITH_EACH, assess
from regnet.report.tables.comparisons import DEFINED, pair_table, sentences, study_table
from regnet.stats import Measure, Rules, SampleError
from regnet.study.result import StudyResult
from tests.measures import MEASURES

ERRORS = Measure(0, 1, scale=100, unit="points")


def study(name: str, errors: list[float], metric: str = "test/error_rate", **config: object) -> StudyResult:
    size = len(errors)
    return StudyResult(
        name=name,
        identity=name,
        config={"study": name, "dataset": {"name": "disc"}, "loss": {"name": "mse"}, **config},
        seeds=tuple(range(size)),
        history={metric: np.array(errors)[:, None]} if size else {},
        together=np.ones(size),
        seconds=np.ones(size),
        failures={seed: "diverged" for seed, error in enumerate(errors) if math.isnan(error)},
        measures=MEASURES,
        headline=metric,
    )


def studies(count: int, gap: float, seeds: int = 12) -> list[StudyResult]:
    draw = np.random.default_rng(0)
    return [study(f"s{index}", (0.1 + index * gap + draw.normal(0, 0.01, seeds)).tolist()) for index in range(count)]


def test_winner_must_be_shown_better_than_all_others() -> None:
    assert assess(studies(3, 0.05)).winner == "s0"
    assert assess(studies(3, 0.0)).winner is None
    tied = [*studies(3, 0.05), study("twin", studies(1, 0)[0].history["test/error_rate"][:, 0].tolist())]
    one = assess(tied)
    assert one.winner is None
    assert one.worse_than("s0") == one.worse_than("twin") == ("s1", "s2")
    rows = {row[0]: row[-1] for row in study_table(one).rows}
    assert rows == {"s0": "2 of 3", "s1": "1 of 3", "s2": "0 of 3", "twin": "2 of 3"}


def test_pairs_up_to_six_studies_and_only_the_best_for_more() -> None:
    few, many = (assess(studies(count, 0.03)) for count in (EACH_WITH_EACH, EACH_WITH_EACH + 1))
    assert (len(few.comparisons), few.best) == (15, None)
    assert (len(many.comparisons), many.best, many.winner) == (6, "s0", "s0")
    assert {one.family for one in many.comparisons} == {21}
    assert any("with the best, s0. It was chosen by these same values" in note for note in pair_table(many).notes)
    assert not any("with the best" in note for note in pair_table(few).notes)


def test_study_whose_seeds_all_failed_is_not_compared() -> None:
    lost = study("lost", [math.nan, math.nan])
    for treatment in ("refuse", "drop"):
        one = assess([*studies(2, 0.05), lost], rules=Rules(incomplete=treatment))
        assert (one.winner, len(one.comparisons)) == ("s0", 1)
        assert "'lost'" in one.notes[0]
    assert study_table(one).rows[2] == ("lost", "0", "2", "–", "–", "–", "–", "–")
    with pytest.raises(SampleError, match=r"'lost' has no value: seed 0 diverged.*; 'gone' has no value"):
        assess([lost, study("gone", [math.nan, math.nan])], rules=Rules(incomplete="drop"))
    counted = assess([*studies(2, 0.05), lost], rules=Rules(incomplete="worst"))
    assert counted.studies[2].description.mean == 1.0
    assert counted.worse_than("s0") == ("s1", "lost")
    with pytest.raises(ConfigError, match="nothing was measured in 'empty': every seed failed"):
        assess([study("empty", [])])


def test_what_is_undefined_did_not_fail() -> None:
    """sklearn#16857: R² of equal targets is undefined; its seeds are counted, and left out of pairs."""
    odd = replace(study("odd", [0.1, math.nan, 0.2, math.inf]), failures={})
    undefined = replace(study("undefined", [0.1, math.nan, 0.2, 0.3]), failures={})
    (one,) = assess([odd]).studies
    assert (one.sample.failures, one.sample.undefined) == ({3: "test/error_rate is inf"}, (1,))
    assert one.description is not None
    assert "for 1 of 4 seeds the metric is undefined, and they are not in these numbers" in one.description.notes
    assert study_table(assess([odd])).rows[0][2] == "1, 1 undefined"
    (pair,) = assess([undefined, study("other", [0.3, 0.4, 0.5, 0.6])]).comparisons
    assert "seed 1 of 'undefined' undefined: left out" in pair.notes


def test_data_of_the_metric() -> None:
    first, second = study("a", [0.1, 0.2]), study("b", [0.1, 0.3], validation=0.1)
    assert assess([first, second]).comparisons[0].paired
    first, second = (
        study("a", [0.1, 0.2], "train/error_rate"),
        study("b", [0.1, 0.3], "train/error_rate", validation=0.1),
    )
    with pytest.raises(SampleError, match=r"'b' on 'disc\(\), validation=0.1'"):
        assess([first, second], "train/error_rate")


def test_losses_are_compared_only_if_they_are_the_same() -> None:
    first, second = (
        study("a", [1.0, 2.0], "test/loss"),
        study("b", [1.0, 2.0], "test/loss", loss={"name": "mse", "reduction": "sum"}),
    )
    with pytest.raises(ConfigError, match=r"another quantity for each loss \('a' by mse\(\), 'b' by mse\(reduction=sum\)\)"):
        assess([first, second], "test/loss")
    with pytest.raises(ConfigError, match=r"judged by different metrics \('a' by test/loss, 'c' by test/error_rate\)"):
        assess([first, study("c", [1.0, 2.0])])


def test_rows_and_sentences() -> None:
    one = assess([study("a", [0.10, 0.12, 0.11, 0.13]), study("b", [0.30, 0.33, 0.31, 0.34])])
    (row,) = pair_table(one).rows
    assert row[:2] == ("a against b", "4")
    assert pair_table(one).headings[2] == "first − second, points"
    assert row[2] == "-20.5 [-21.4, -19.6]"
    assert row[4].startswith("1.00 [")
    assert row[5] == "< 0.0001"
    assert study_table(one).rows[0][:4] == ("a ★", "4", "0", "11.50 % ± 1.29 %")
    (sentence,) = sentences(one)
    assert sentence.startswith("'a' is better than 'b' by 20.5 points")


def test_common_notes_are_listed_once() -> None:
    one = "one seed only: it gives no interval"
    assert study_table(assess([study(name, [0.1]) for name in "ab"])).notes == (*DEFINED, one)
    mixed = [study("long", [0.1, 0.2, 0.3]), *(study(name, [0.1]) for name in "ab")]
    assert study_table(assess(mixed, rules=Rules(incomplete="drop"))).notes[-1] == f"a, b: {one}"
