"""Comparisons with the best of many studies: the correction, and the family-wise error rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from regnet.stats import Measure, Sample, compare, compare_with_best
from regnet.stats.comparison import best

ERRORS = Measure(0, 1, scale=100, unit="points")


def studies(count: int, gap: float) -> list[Sample]:
    draw = np.random.default_rng(0)
    return [Sample(f"s{index}", range(12), 0.1 + index * gap + draw.normal(0, 0.01, 12)) for index in range(count)]


def test_correction_counts_all_pairs() -> None:
    found = compare_with_best(studies(5, 0.004), ERRORS)
    ordered = sorted(found, key=lambda one: one.difference.p or 0)
    raised = [(10 - index) * (one.difference.p or 0) for index, one in enumerate(ordered)]
    assert [one.p for one in ordered] == pytest.approx(np.minimum(np.maximum.accumulate(raised), 1))
    for one, next_one in pairwise(ordered):
        assert (one.p or 0) <= (next_one.p or 0)
    for one in found:
        assert one.power
        assert (one.better is not None) == ((one.p or 1) < 0.05)
    (alone,) = compare(studies(2, 0.004), ERRORS)
    (same,) = compare_with_best(studies(2, 0.004), ERRORS)
    assert (same.p, same.better, same.power) == (alone.p, alone.better, alone.power)


@pytest.mark.slow
def test_family_wise_error_of_comparisons_with_the_best() -> None:
    """Eight studies without any difference: the best is called better in at most 1 of 20 such families.

    Over 400 families that is 20, with a standard deviation of 4.4; corrected for the seven comparisons alone it is about 40.
    """
    draw = np.random.default_rng(1)
    errors = 0
    for _ in range(400):
        samples = [Sample(f"s{index}", range(10), draw.normal(0, 1, 10)) for index in range(8)]
        errors += any(one.better for one in compare_with_best(samples))
    assert errors <= 33


def test_best_study_has_several_seeds_and_the_better_mean() -> None:
    lucky, high, low = Sample("lucky", [0], [0.0]), Sample("high", [0, 1], [0.8, 0.9]), Sample("low", [0, 1], [0.1, 0.2])
    assert best([lucky, high, low], ERRORS) is low
    assert best([lucky, high, low], Measure(better="larger")) is high
    assert best([lucky], ERRORS) is lucky
