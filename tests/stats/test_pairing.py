"""Pairing of values by seed, and errors or notes about missing seeds."""

from __future__ import annotations

import pytest

from regnet.stats import Measure, Rules, Sample, SampleError
from regnet.stats.pairing import Matched, match
from tests.measures import ERROR_RATE

LONG = Sample("long", [1, 2, 3], [0.1, 0.2, 0.3])
SHUFFLED = Sample("shuffled", [3, 1, 2], [0.31, 0.11, 0.21])
FAILED = Sample("failed", [1, 3], [0.12, 0.32], {2: "diverged"})
SHORT = Sample("short", [1, 3], [0.13, 0.33])
OTHERS = Sample("others", [7, 8], [0.5, 0.6])


def matched(first: Sample, second: Sample, **rules: object) -> Matched:
    return match(first, second, ERROR_RATE, Rules(**rules))


def test_same_seeds_are_paired_in_any_order() -> None:
    found = matched(LONG, SHUFFLED)
    assert (found.first.tolist(), found.second.tolist(), found.paired) == ([0.1, 0.2, 0.3], [0.11, 0.21, 0.31], True)
    assert found.notes == ()


def test_other_seeds_are_not_paired() -> None:
    found = matched(LONG, OTHERS)
    assert (found.first.tolist(), found.second.tolist(), found.paired) == ([0.1, 0.2, 0.3], [0.5, 0.6], False)


def test_pairs_can_be_declined() -> None:
    assert not matched(LONG, SHUFFLED, design="unpaired").paired


def test_failed_seeds_are_an_error() -> None:
    with pytest.raises(SampleError, match=r"'long' against 'failed': seed 2 of 'failed' failed\. Run what is missing, or say"):
        matched(LONG, FAILED)


def test_failed_seeds_are_an_error_without_pairs() -> None:
    with pytest.raises(SampleError, match="seed 2 of 'failed' failed"):
        matched(FAILED, OTHERS)


@pytest.mark.parametrize(
    ("other", "note"),
    [(FAILED, "seed 2 of 'failed' failed: left out"), (SHORT, "seed 2 only one of the two has: left out")],
)
def test_missing_seeds_are_dropped(other: Sample, note: str) -> None:
    found = matched(LONG, other, incomplete="drop" if other.failures else "refuse")
    assert (found.first.tolist(), found.second.tolist()) == ([0.1, 0.3], list(other.values))
    assert found.notes == (note,)


def test_failed_seed_is_the_worst_value_on_request() -> None:
    found = matched(LONG, FAILED, incomplete="worst")
    assert (found.first.tolist(), found.second.tolist()) == ([0.1, 0.2, 0.3], [0.12, 1.0, 0.32])
    assert found.notes == ("seed 2 of 'failed' failed: counted as the worst value",)


def test_worst_value_if_larger_is_better() -> None:
    accuracy = Measure(0, 1, better="larger")
    assert match(LONG, FAILED, accuracy, Rules(incomplete="worst")).second.tolist() == [0.12, 0.0, 0.32]


def test_metric_without_a_worst_value_is_an_error() -> None:
    with pytest.raises(SampleError, match="study 'failed': failed seeds cannot count as the worst value"):
        match(LONG, FAILED, Measure(), Rules(incomplete="worst"))


def test_study_without_successful_seeds() -> None:
    lost = Sample("lost", [], [], {1: "diverged", 2: "diverged"})
    with pytest.raises(SampleError, match="all 2 seeds failed"):
        matched(LONG, lost, incomplete="drop")
    assert matched(LONG, lost, incomplete="worst").second.tolist() == [1.0, 1.0]


def test_no_common_seeds_is_an_error() -> None:
    with pytest.raises(SampleError, match="no seed was trained to the end in both"):
        matched(Sample("a", [1], [0.1], {2: "diverged"}), Sample("b", [2], [0.1], {1: "diverged"}), incomplete="drop")


def test_different_data_are_an_error_unless_unpaired() -> None:
    first, second = (Sample(data, [1, 2], [0.1, 0.2], data=data) for data in ("disc", "digits"))
    with pytest.raises(SampleError, match="'disc' was measured on 'disc', 'digits' on 'digits': a difference may come"):
        matched(first, second)
    assert not matched(first, second, design="unpaired").paired
