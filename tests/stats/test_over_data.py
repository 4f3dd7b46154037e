"""Comparisons over data sets, against Demšar's example, scipy and autorank, and by simulation."""

from __future__ import annotations

from itertools import permutations, product
from math import inf

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from regnet.stats import SampleError
from regnet.stats.over_data import OverData, compare_over_data, verdict_over_data
from regnet.stats.rank_tests import MANY, PostHoc, friedman, rank_rows, signed_ranks

NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],  # ranked 2 and 3 by digits that are not printed
        [0.957, 0.978, 0.946, 0.970],
    ]
)
"""Table 6 of Demšar, JMLR 7 (2006)."""
FIVE = np.array(
    [
        [0.13, 0.37, 1.64, 1.6, 1.46],
        [0.36, 1.8, 1.95, 0.8, 0.73],
        [-0.62, 0.54, -1.33, 1.28, 0.75],
        [-0.73, -0.04, 0.68, 1.91, 3.04],
        [-0.13, 1.87, 0.33, 1.85, 2.9],
        [0.09, -0.24, 0.08, 1.04, 2.22],
        [-1.01, 0.29, 0.84, 2.04, 2.21],
        [0.36, -0.15, 0.87, 2.28, 3.49],
        [-1.26, 2.01, 2.35, 2.28, 2.26],
        [-0.31, 1.96, 2.96, 3.3, 3.32],
    ]
)


def demsar(level: float = 0.95, post_hoc: PostHoc = "nemenyi") -> OverData:
    return compare_over_data(AUC, NAMES, smaller_is_better=False, level=level, post_hoc=post_hoc)


def five(values: np.ndarray = FIVE, post_hoc: PostHoc = "nemenyi") -> OverData:
    return compare_over_data(values, list("abcde")[: values.shape[1]], smaller_is_better=True, post_hoc=post_hoc)


def pairs(found: OverData) -> set[str]:
    return {f"{found.names[i]}<{found.names[j]}" for i, j in np.argwhere(found.better)}


def groups(found: OverData) -> list[str]:
    return ["".join(found.names[index] for index in group) for group in found.groups]


def all_signs(differences: np.ndarray) -> float:
    """The share of all signs with which the sum of signed ranks is at least as large, by trying them all."""
    ranks = stats.rankdata(np.abs(differences))
    sums = np.array(list(product([-1, 1], repeat=len(ranks)))) @ ranks
    return float(np.mean(np.abs(sums) >= abs(np.sign(differences) @ ranks)))


# Published examples


def test_example_of_demsar() -> None:
    """His χ² and F are not corrected for ties: 78 of 14 · 60."""
    found = demsar()
    assert found.average_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert found.chi_squared is not None
    plain = found.chi_squared * (1 - 78 / 840)
    assert (plain, 13 * plain / (14 * 3 - plain)) == pytest.approx((9.28, 3.69), abs=5e-3)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert found.significant
    assert groups(found) == ["C4.5+m+cfC4.5+mC4.5+cfC4.5"]


def test_example_of_demsar_at_90_percent() -> None:
    found = demsar(level=0.9)
    assert found.critical_difference == pytest.approx(1.12, abs=5e-3)
    assert pairs(found) == {"C4.5+m<C4.5", "C4.5+m+cf<C4.5"}
    assert groups(found) == ["C4.5+m+cfC4.5+mC4.5+cf", "C4.5+cfC4.5"]


def test_equals_autorank() -> None:
    """Autorank 1.3.0 with force_mode="nonparametric"; its p is that of χ², and its table of q has six digits."""
    for found, p, gap, ranks in (
        (demsar(), 0.016721580328441323, 1.2535512603486423, [3.142857, 2.0, 2.892857, 1.964286]),
        (demsar(level=0.9), 0.016721580328441323, 1.1180184781332914, [3.142857, 2.0, 2.892857, 1.964286]),
        (five(), 0.0002686443901601862, 1.9288111473713958, [1.4, 2.3, 3.2, 3.9, 4.2]),
    ):
        assert stats.chi2.sf(found.chi_squared, len(found.names) - 1) == pytest.approx(p)
        assert found.critical_difference == pytest.approx(gap, rel=1e-4)
        assert found.average_ranks == pytest.approx(ranks, abs=1e-6)


# Friedman's test


def test_statistic_equals_scipy() -> None:
    found = five()
    assert found.chi_squared == pytest.approx(stats.friedmanchisquare(*FIVE.T).statistic)
    assert found.f == pytest.approx(9 * found.chi_squared / (40 - found.chi_squared))


def test_p_equals_the_share_of_all_permutations() -> None:
    """Three data sets and three configurations, with and without ties: the share of all 216 permutations."""
    for ranks in ([[1, 2, 3], [1, 3, 2], [1, 2, 3]], [[1, 2, 3], [1.5, 1.5, 3], [1, 2, 3]]):
        everything = [np.sum(rows, axis=0) for rows in product(*(list(permutations(row)) for row in ranks))]
        sizes = (np.array(everything) ** 2).sum(axis=1)
        share = float(np.mean(sizes >= (np.sum(ranks, axis=0) ** 2).sum()))
        assert friedman(np.array(ranks)).p == pytest.approx(share, abs=4 * np.sqrt(share / 100_000))


def test_agreement_of_few_data_sets() -> None:
    """Their probability is 1/36; Iman and Davenport's F is infinite, and its p 0."""
    found = five(np.tile([1.0, 2.0, 3.0], (3, 1)))
    assert found.f == inf
    assert found.p == pytest.approx(1 / 36, abs=0.002)
    assert pairs(found) == {"a<c"}
    assert groups(found) == ["ab", "bc"]


def test_p_of_many_data_sets_is_that_of_f() -> None:
    d = MANY + 1
    values = np.random.default_rng(0).normal(size=(d, 4)) + np.arange(4) / 8
    found = five(values)
    assert found.p == pytest.approx(stats.f.sf(found.f, 3, 3 * (d - 1)))
    nearby = friedman(found.ranks[:MANY])
    assert nearby.p == pytest.approx(stats.f.sf(nearby.f, 3, 3 * (MANY - 1)), rel=0.1)


def test_all_values_equal() -> None:
    found = five(np.full((5, 3), 0.3))
    assert (found.p, found.chi_squared) == (1.0, 0.0)
    assert groups(found) == ["abc"]


@pytest.mark.parametrize("k", [3, 6])
@pytest.mark.parametrize("d", [3, 5, 10, 20])
def test_type_i_error(k: int, d: int) -> None:
    """Without any difference, one is shown in at most 5 % of all experiments, which may differ by three standard errors."""
    rng, trials = np.random.default_rng(k * d), 300
    found = [friedman(rank_rows(values)).p < 0.05 for values in rng.normal(size=(trials, d, k))]
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


@pytest.mark.slow
@pytest.mark.parametrize("post_hoc", ["nemenyi", "wilcoxon_holm"])
def test_family_wise_error_of_pairs(post_hoc: PostHoc) -> None:
    """Without any difference and with one that differs from the rest, which are alike."""
    rng, trials = np.random.default_rng(1), 300
    for shift in (0, 4):
        values = rng.normal(size=(trials, 12, 4)) + np.array([0, 0, 0, shift])
        shown = [five(experiment, post_hoc).better[:3, :3].any() for experiment in values]
        assert np.mean(shown) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


# Pairs


def test_nemenyi_equals_the_critical_difference() -> None:
    found = five()
    gaps = np.abs(np.subtract.outer(found.average_ranks, found.average_ranks))
    assert found.critical_difference is not None
    assert ((found.pairs < 0.05) == (gaps > found.critical_difference)).all()
    assert pairs(found) == {"a<d", "a<e"}
    assert groups(found) == ["abc", "bcde"]


def test_wilcoxon_holm_equals_scipy_and_statsmodels() -> None:
    values = np.random.default_rng(0).normal(size=(12, 5)) + np.arange(5) / 2
    found = five(values, "wilcoxon_holm")
    above = np.triu_indices(5, 1)
    p = [stats.wilcoxon(values[:, i], values[:, j], method="exact").pvalue for i, j in zip(*above, strict=True)]
    assert found.pairs[above] == pytest.approx(multipletests(p, method="holm")[1])
    assert found.pairs == pytest.approx(found.pairs.T)
    assert len(pairs(found)) == int((found.pairs < 0.05).sum()) // 2 > 0


def test_signed_ranks_with_ties_equal_all_signs() -> None:
    differences = np.array([0.1, 0.1, -0.1, 0.3, 0.2, 0.0, 0.2, 0.4, 0.5])
    p, leaning = signed_ranks(differences, 1.0)
    varying = differences[differences != 0]
    assert leaning == np.sign(varying) @ stats.rankdata(np.abs(varying))
    assert p == pytest.approx(all_signs(varying))
    assert p == pytest.approx(stats.wilcoxon(varying, method=stats.PermutationMethod()).pvalue)


def test_pair_around_a_configuration_that_differs() -> None:
    """By Wilcoxon's test, a pair may not be shown to differ although a configuration between the two is."""
    found = demsar(post_hoc="wilcoxon_holm")
    assert pairs(found) == {"C4.5+m<C4.5"}
    assert groups(found) == ["C4.5+m+cfC4.5+mC4.5+cf", "C4.5+cfC4.5"]
    assert [[found.names[index] for index in pair] for pair in found.other_pairs] == [["C4.5+m+cf", "C4.5"]]
    assert demsar(level=0.9).other_pairs == []


def test_no_pair_without_a_difference_of_all() -> None:
    """A pair's own p is small, but Friedman's is not."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, 6))
    values[:, 1] = values[:, 0] + rng.uniform(0.001, 0.002, 12)
    found = compare_over_data(values, list("abcdef"), smaller_is_better=True, post_hoc="wilcoxon_holm")
    assert found.pairs.min() < 0.01
    assert not found.significant
    assert not found.better.any()


def test_two_configurations() -> None:
    """By Wilcoxon's test alone, of the 12 values that differ."""
    found = compare_over_data(AUC[:, :2], NAMES[:2], smaller_is_better=False)
    gaps = np.round(AUC[:, 1] - AUC[:, 0], 6)
    assert found.p == pytest.approx(all_signs(gaps[gaps != 0]))
    assert (found.chi_squared, found.f, found.critical_difference, found.post_hoc) == (None, None, None, None)
    assert pairs(found) == {"C4.5+m<C4.5"}
    assert found.groups == []
    assert groups(compare_over_data(AUC[:, [1, 3]], "ab", smaller_is_better=False)) == ["ba"]


# Ranks


def test_values_that_differ_by_rounding_are_ties() -> None:
    assert rank_rows(np.array([[0.1 + 0.2, 0.3, 0.1], [1e-9, 2e-9, 3e-9]])).tolist() == [[2.5, 2.5, 1], [1, 2, 3]]


def test_direction_of_each_data_set() -> None:
    found = compare_over_data(np.tile([1.0, 2.0, 3.0], (4, 1)), "abc", smaller_is_better=[True, True, True, False])
    assert found.ranks.tolist() == [[1, 2, 3]] * 3 + [[3, 2, 1]]
    assert found.average_ranks.tolist() == [1.5, 2, 2.5]


def test_scales_of_data_sets_do_not_matter() -> None:
    scaled = five(FIVE * 10.0 ** np.arange(-5, 5)[:, None])
    assert (scaled.ranks == five().ranks).all()
    assert scaled.p == five().p


# Errors


@pytest.mark.parametrize(
    ("d", "k", "post_hoc", "least"),
    [(5, 2, "nemenyi", 6), (2, 3, "nemenyi", 3), (2, 10, "nemenyi", 3), (6, 3, "wilcoxon_holm", 7), (9, 6, "wilcoxon_holm", 10)],
)
def test_too_few_data_sets(d: int, k: int, post_hoc: PostHoc, least: int) -> None:
    names = [str(index) for index in range(k)]
    agreed = np.tile(np.arange(k * 1.0), (least, 1)) * np.arange(1, least + 1)[:, None]
    with pytest.raises(SampleError, match=f"comparing {k} configurations over data sets takes at least {least} of them, got {d}"):
        compare_over_data(agreed[:d], names, smaller_is_better=True, post_hoc=post_hoc)
    assert compare_over_data(agreed, names, smaller_is_better=True, post_hoc=post_hoc).better.any()


@pytest.mark.parametrize(("names", "listed"), [(["a"], "a"), ([], "none"), (["a", "a"], "a, a")])
def test_fewer_than_two_configurations(names: list[str], listed: str) -> None:
    with pytest.raises(SampleError, match=f"at least two configurations, each with a different name; got {listed}"):
        compare_over_data(np.zeros((5, len(names))), names, smaller_is_better=True)


def test_value_that_is_not_finite() -> None:
    values = FIVE.copy()
    values[3, 1] = np.nan
    with pytest.raises(SampleError, match="configuration 'b' has no finite value on data set '4'"):
        five(values)


def test_seeds_are_an_error() -> None:
    with pytest.raises(SampleError, match=r"10 data sets and 5 configurations, got values of shape \(10, 5, 3\); seeds are no"):
        compare_over_data(np.zeros((10, 5, 3)), list("abcde"), smaller_is_better=True)


def test_level_must_be_a_share() -> None:
    with pytest.raises(SampleError, match="lies between 0 and 1"):
        demsar(level=95)


# Sentences


def test_sentence_of_a_difference() -> None:
    assert verdict_over_data(demsar(level=0.9)) == (
        "over 14 data sets the average ranks differ (Friedman, p = 0.013): 'C4.5+m+cf' (1.96) ranks better than 'C4.5' (3.14); "
        "'C4.5+m' (2.00) ranks better than 'C4.5' (3.14); 'C4.5+m+cf', 'C4.5+m' and 'C4.5+cf' are not shown to differ; "
        "'C4.5+cf' and 'C4.5' are not shown to differ (critical difference 1.12)"
    )


def test_sentence_of_no_difference() -> None:
    assert verdict_over_data(five(np.full((5, 3), 0.3))) == (
        "over 5 data sets no difference is shown between 'a', 'b' and 'c' (Friedman, p = 1)"
    )


def test_sentence_of_two_configurations() -> None:
    assert verdict_over_data(compare_over_data(AUC[:, :2], NAMES[:2], smaller_is_better=False)) == (
        "over 14 data sets 'C4.5+m' (1.21) tends to be better than 'C4.5' (1.79) (Wilcoxon's signed ranks, p = 0.0073)"
    )


def test_sentence_of_many_configurations_is_about_the_best() -> None:
    values = np.random.default_rng(0).normal(size=(50, 12)) + np.arange(12) / 5
    found = compare_over_data(values, list("abcdefghijkl"), smaller_is_better=True, post_hoc="wilcoxon_holm")
    assert verdict_over_data(found) == (
        "over 50 data sets the average ranks differ (Friedman, p < 0.0001): 'a' (4.10) tends to be better than 7 of 11 others; "
        "'a', 'b', 'c', 'd' and 'e' are not shown to differ; 34 of 66 pairs are shown to differ "
        "(Wilcoxon's signed ranks after Holm's correction)"
    )
