"""Tests of ranks on several data sets: Friedman's for any difference, Nemenyi's and Wilcoxon's for pairs."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, count
from math import comb, exp, inf, lgamma, sqrt
from typing import Final, Literal, NamedTuple

import numpy as np

from regnet.stats.holm import holm
from regnet.stats.summary import without_rounding

PostHoc = Literal["nemenyi", "wilcoxon_holm"]
"""How pairs are tested: by the gap between their average ranks, or by the values of the pair alone with Holm's correction."""

PERMUTATIONS: Final = 99_999
"""The number of random permutations for the p of Friedman's test."""
MANY: Final = 50
"""For more data sets than this, the p of Friedman's test comes from the F distribution."""


class Friedman(NamedTuple):
    """The result of Friedman's test."""

    chi_squared: float
    """Friedman's statistic, corrected for ties."""
    f: float
    """Iman and Davenport's form of it; infinite if all data sets rank the configurations alike."""
    p: float


class Pairs(NamedTuple):
    """The tests of all pairs of K configurations."""

    p: np.ndarray
    """Corrected for the number of pairs, ``(K, K)``; 1 on the diagonal."""
    ahead: np.ndarray
    """Whether the test favors the first of the pair, ``(K, K)``."""


def rank_rows(values: np.ndarray) -> np.ndarray:
    """Return the ranks in each row of values ``(D, K)``, 1 for the smallest; those equal but for rounding share their average."""
    from scipy import stats  # takes 0.7 s to import

    rounded = [without_rounding(row, float(np.abs(row).max())) for row in values]
    return np.asarray(stats.rankdata(rounded, axis=1))


def friedman(ranks: np.ndarray) -> Friedman:
    """Test whether the average ranks ``(D, K)`` of three or more configurations differ: ``F = (D - 1) χ² / (D (K - 1) - χ²)``.

    For more than 50 data sets, p is that of F with ``K - 1`` and ``(K - 1) (D - 1)`` degrees of freedom. For few, that p is too
    small: with D = K = 3 and no difference, it is below 0.05 in 19 % of all experiments. So up to 50, the ranks of each data set
    are permuted 99,999 times at random, and p is the share of the permutations, the observed one among them, whose χ² is at least
    as large. This is valid for any D and for ties, and p is at least 0.00001.

    Sources: Friedman, "The use of ranks to avoid the assumption of normality", JASA 32 (1937); Iman and Davenport, "Approximations
    of the critical region of the Friedman statistic", Communications in Statistics A9 (1980); Phipson and Smyth, "Permutation
    p-values should never be zero", Stat. Appl. Genet. Mol. Biol. 9 (2010).
    """
    from scipy import stats

    d, k = ranks.shape
    if not np.ptp(ranks, axis=1).any():
        return Friedman(0.0, 0.0, 1.0)
    chi_squared = float(stats.friedmanchisquare(*ranks.T).statistic)
    rest = d * (k - 1) - chi_squared
    f = (d - 1) * chi_squared / rest if rest > 1e-9 * chi_squared else inf
    p = float(stats.f.sf(f, k - 1, (k - 1) * (d - 1))) if d > MANY else _permuted_p(_doubled(ranks))
    return Friedman(chi_squared, f, p)


def nemenyi(ranks: np.ndarray) -> Pairs:
    """Test all pairs by the gaps between their average ranks, from ranks ``(D, K)``; corrected for their number.

    Source: Nemenyi, "Distribution-free multiple comparisons", PhD thesis, Princeton, 1963.
    """
    from scipy import stats

    average = ranks.mean(axis=0)
    gaps = average - average[:, None]
    return Pairs(stats.studentized_range.sf(np.abs(gaps) / _standard_error(*ranks.shape), len(average), inf), gaps > 0)


def critical_difference(d: int, k: int, level: float) -> float:
    """Return the gap between average ranks above which Nemenyi's test finds a pair: ``q √(K (K + 1) / (12 D))``.

    q is the quantile of the studentized range of K values with infinite degrees of freedom.
    """
    from scipy import stats

    return float(stats.studentized_range.ppf(level, k, inf)) * _standard_error(d, k)


def wilcoxon_holm(values: np.ndarray, ranks: np.ndarray) -> Pairs:
    """Test all pairs by Wilcoxon's signed ranks, corrected by Holm's procedure, from values and their ranks, both ``(D, K)``."""
    k, scale = values.shape[1], float(np.abs(values).max())
    indices = list(combinations(range(k), 2))
    gaps = [np.where(ranks[:, i] == ranks[:, j], 0.0, values[:, j] - values[:, i]) for i, j in indices]
    tests = [signed_ranks(gap, scale) for gap in gaps]
    p, ahead = np.ones((k, k)), np.zeros((k, k), dtype=bool)
    for (i, j), corrected, (_, leaning) in zip(indices, holm([p for p, _ in tests]), tests, strict=True):
        p[i, j] = p[j, i] = corrected
        ahead[i, j], ahead[j, i] = leaning > 0, leaning < 0
    return Pairs(p, ahead)


def signed_ranks(differences: np.ndarray, scale: float) -> tuple[float, float]:
    """Return the two-sided p of Wilcoxon's test, exact also for ties, and the sum of the signed ranks; zeros are left out.

    Args:
        differences: ``(D,)``.
        scale: the size of the values that they come from; sizes that differ by their rounding alone are ties.

    Source: Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945).
    """
    from scipy import stats

    varying = differences[differences != 0]
    sizes = _doubled(stats.rankdata(without_rounding(np.abs(varying), scale)))
    leaning = int(np.sign(varying) @ sizes)
    least = (int(sizes.sum()) - abs(leaning)) // 2
    return min(1.0, 2 * float(_chances(tuple(sorted(sizes.tolist())))[: least + 1].sum())), leaning / 2


def fewest(k: int, alpha: float, post_hoc: PostHoc) -> int:
    """Return how many data sets it takes to show that any of k configurations differ, and which, if all rank them alike."""
    from scipy import stats

    def smallest_p(d: int) -> float:
        if k == 2 or post_hoc == "wilcoxon_holm":
            pairs = comb(k, 2) * 2.0 ** (1 - d)
        else:
            pairs = float(stats.studentized_range.sf((k - 1) / _standard_error(d, k), k, inf))
        return max(pairs, exp((1 - d) * lgamma(k + 1)))  # k! orders are equally likely for each data set but the first

    return next(d for d in count(2) if smallest_p(d) < alpha)


def _standard_error(d: int, k: int) -> float:
    """Return the standard deviation of an average rank, as if those of different configurations were independent."""
    return sqrt(k * (k + 1) / (12 * d))


def _doubled(ranks: np.ndarray) -> np.ndarray:
    """Return twice the ranks, as integers: tied ranks may be halves."""
    return np.round(2 * ranks).astype(int)


def _permuted_p(doubled: np.ndarray) -> float:
    """Return the share of permutations whose sum of squared rank sums is at least that of the doubled ranks ``(D, K)``."""
    rows = sorted(tuple(sorted(row)) for row in doubled.tolist())
    sums = _permuted_sums(tuple(rows))
    observed = int((doubled.sum(axis=0) ** 2).sum())
    at_least = len(sums) - int(np.searchsorted(sums, observed))
    return (1 + at_least) / (1 + len(sums))


@lru_cache(maxsize=16)
def _permuted_sums(rows: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """Return the sums of squared rank sums of random permutations, in ascending order."""
    rng = np.random.default_rng(0)
    total = np.zeros((PERMUTATIONS, len(rows[0])), dtype=int)
    for row in rows:
        total += rng.permuted(np.broadcast_to(row, total.shape), axis=1)
    return np.asarray(np.sort((total**2).sum(axis=1)))


@lru_cache(maxsize=256)
def _chances(sizes: tuple[int, ...]) -> np.ndarray:
    """Return the probability of each sum of the sizes with a positive sign, if every sign is positive with probability 1/2."""
    chances = np.ones(1)
    for size in sizes:
        none = np.zeros(size)
        chances = (np.concatenate([chances, none]) + np.concatenate([none, chances])) / 2
    return chances
