"""Comparisons of all pairs, with the correction and the given rules."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from regnet.stats import Comparison, Interval, Measure, Rules, Sample, SampleError, compare
from tests.measures import ERROR_RATE

RNG = np.random.default_rng(0)
SHARED = RNG.normal(0.02, 0.004, 20)
VALUES = {name: SHARED + RNG.normal(shift, 0.001, 20) for name, shift in (("sgd", 0), ("adam", 0.002), ("momentum", 0.0003))}
STUDIES = [Sample(name, range(20), values) for name, values in VALUES.items()]


def test_all_pairs_are_compared_and_corrected() -> None:
    found = compare(STUDIES, ERROR_RATE)
    assert [(one.first, one.second) for one in found] == list(combinations(VALUES, 2))
    expected = [stats.ttest_rel(VALUES[one.first], VALUES[one.second]).pvalue for one in found]
    assert [one.difference.p for one in found] == pytest.approx(expected)
    assert [one.p for one in found] == pytest.approx(multipletests(expected, method="holm")[1])
    assert {one.family for one in found} == {3}


def test_better_study_only_if_shown() -> None:
    found = {(one.first, one.second): one.better for one in compare(STUDIES, ERROR_RATE)}
    assert found == {("sgd", "adam"): "sgd", ("sgd", "momentum"): None, ("adam", "momentum"): "momentum"}


def test_correction_may_remove_a_difference() -> None:
    others = [Sample(str(seed), range(20), np.random.default_rng(seed).normal(0.02, 0.004, 20)) for seed in range(8)]
    found = compare(others, ERROR_RATE)
    assert min(one.difference.p or 1 for one in found) < 0.05
    assert all(one.better is None for one in found)


def test_difference_shown_only_by_pairing() -> None:
    assert all(one.better is None for one in compare(STUDIES[:2], ERROR_RATE, Rules(design="unpaired")))
    others = Sample("adam", range(20, 40), VALUES["adam"])
    assert [one.paired for one in compare([STUDIES[0], others], ERROR_RATE)] == [False]


@pytest.mark.parametrize("test", ["mean", "rank"])
def test_larger_can_be_better(test: str) -> None:
    (smaller,) = compare(STUDIES[:2], Measure(), Rules(test=test))
    (larger,) = compare(STUDIES[:2], Measure(better="larger"), Rules(test=test))
    assert (smaller.better, larger.better) == ("sgd", "adam")
    assert smaller.improvement.value == pytest.approx(1 - larger.improvement.value)
    assert smaller.difference == larger.difference


def test_power_is_at_the_strictest_level_of_the_family() -> None:
    (alone,) = compare(STUDIES[::2], ERROR_RATE)
    together = compare(STUDIES, ERROR_RATE)[1]
    assert alone.power is not None
    assert together.power is not None
    assert alone.power.found < together.power.found
    (strict,) = compare(STUDIES[::2], ERROR_RATE, Rules(level=1 - 0.05 / 3))
    assert strict.power is not None
    assert astuple(strict.power) == pytest.approx(astuple(together.power))


def test_level_of_every_interval() -> None:
    (one,) = compare(STUDIES[:2], ERROR_RATE, Rules(level=0.9))
    assert one.effect is not None
    assert {estimate.interval and estimate.interval.level for estimate in (one.difference.means, one.effect, one.improvement)} == {
        0.9
    }


def test_level_must_be_a_share() -> None:
    with pytest.raises(SampleError, match=r"lies between 0 and 1, such as 0\.95; got 95"):
        Rules(level=95)


def test_pairs_without_a_test_are_not_counted() -> None:
    copied = Sample("copied", range(20), VALUES["sgd"])
    found = compare([*STUDIES[:2], copied], ERROR_RATE)
    assert {one.family for one in found} == {2}
    assert [(one.p, one.better, one.power, one.effect) for one in found if {one.first, one.second} == {"sgd", "copied"}] == [
        (None, None, None, None)
    ]


def test_single_seed_has_no_interval_and_no_winner() -> None:
    (one,) = compare([Sample("a", [1], [0.2]), Sample("b", [1], [0.3])], ERROR_RATE)
    assert (one.difference.means.interval, one.improvement.interval, one.effect, one.p, one.better) == (None,) * 5


def test_difference_of_bounded_values_is_clipped() -> None:
    (one,) = compare([Sample("a", [1, 2], [0.1, 0.9]), Sample("b", [1, 2], [0.8, 0.2])], ERROR_RATE)
    assert one.difference.means.interval == Interval(-1, 1, 0.95)
    assert one.notes == ("the difference's interval reaches beyond what two values of the metric can differ by, and is cut there",)


def test_failed_seeds() -> None:
    broken = Sample("broken", range(19), VALUES["adam"][:19], {19: "diverged"})
    with pytest.raises(SampleError, match="'sgd' against 'broken': seed 19 of 'broken' failed"):
        compare([STUDIES[0], broken], ERROR_RATE)
    (one,) = compare([STUDIES[0], broken], ERROR_RATE, Rules(incomplete="drop"))
    assert (one.n, one.notes) == ((19, 19), ("seed 19 of 'broken' failed: left out",))


@pytest.mark.parametrize("samples", [[], STUDIES[:1], [STUDIES[0], STUDIES[0]]])
def test_two_studies_with_different_names_are_required(samples: list[Sample]) -> None:
    with pytest.raises(SampleError, match="at least two studies, each with a name of its own"):
        compare(samples)


def test_a_comparison_can_be_written_as_json() -> None:
    found: list[Comparison] = compare(STUDIES, ERROR_RATE)
    assert json.loads(json.dumps(asdict(found[0]), allow_nan=False))["better"] == "sgd"
