"""Comparisons over many data sets, by ranks: errors on different data sets have different scales and are never averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from regnet.stats.rank_tests import PostHoc, critical_difference, fewest, friedman, nemenyi, rank_rows, wilcoxon_holm
from regnet.stats.rules import Rules
from regnet.stats.sample import SampleError
from regnet.stats.summary import without_rounding
from regnet.stats.wording import listed, p_value

MOST_NAMED = 6
"""The most configurations that a part of a sentence lists."""
MOST_PARTS = 4
"""The most parts of a sentence; with more, it is about the best configurations only."""


@dataclass(frozen=True)
class OverData:
    """K configurations compared over D data sets."""

    names: tuple[str, ...]
    """The configurations, ``(K,)``."""
    data_sets: tuple[str, ...]
    """The data sets, ``(D,)``."""
    values: np.ndarray
    """The mean over seeds of each configuration on each data set, ``(D, K)``."""
    ranks: np.ndarray
    """The rank of each configuration on each data set, ``(D, K)``: 1 is the best, and equal values share their average rank."""
    level: float
    """1 - level is the largest probability that a difference is shown if all configurations are alike."""
    test: str
    """The name of the test for any difference."""
    p: float
    """Its p."""
    post_hoc: PostHoc | None
    """How pairs are tested; None for two configurations, which are a single pair."""
    pairs: np.ndarray
    """The p of each pair, corrected for the number of pairs, ``(K, K)``; 1 on the diagonal."""
    better: np.ndarray
    """Whether the first configuration is shown to be better than the second, ``(K, K)``; nowhere unless `p` is below 1 - level."""
    chi_squared: float | None = None
    """Friedman's statistic, corrected for ties; None for two configurations."""
    f: float | None = None
    """Iman and Davenport's form of it; infinite if all data sets rank the configurations alike."""
    critical_difference: float | None = None
    """The gap between average ranks above which a pair is shown to differ; None if pairs are not tested by Nemenyi's test."""

    @property
    def average_ranks(self) -> np.ndarray:
        """The average of the ranks over all data sets, ``(K,)``."""
        return np.asarray(self.ranks.mean(axis=0))

    @property
    def order(self) -> list[int]:
        """The indices of the configurations by average rank, the best first."""
        return [int(index) for index in np.argsort(without_rounding(self.average_ranks, len(self.names)), kind="stable")]

    @property
    def significant(self) -> bool:
        """Whether any difference is shown."""
        return self.p < 1 - self.level

    @property
    def groups(self) -> list[list[int]]:
        """The largest sets of two or more configurations, contiguous in `order`, of which no pair is shown to differ."""
        order, found, end = self.order, [], 0
        shown = (self.better | self.better.T)[np.ix_(order, order)]
        for start in range(len(order)):
            stop = next((stop for stop in range(start + 1, len(order)) if shown[start:stop, stop].any()), len(order))
            if stop > max(end, start + 1):
                found.append(order[start:stop])
                end = stop
        return found

    @property
    def other_pairs(self) -> list[list[int]]:
        """The pairs that are not shown to differ and are in no group, since a configuration between them is shown to differ."""
        together = {pair for group in self.groups for pair in combinations(group, 2)}
        return [
            [i, j] for i, j in combinations(self.order, 2) if not self.better[i, j] | self.better[j, i] and (i, j) not in together
        ]


def compare_over_data(  # noqa: PLR0913  # four of them have names
    values: np.ndarray,
    names: Sequence[str],
    *,
    smaller_is_better: bool | Sequence[bool],
    data_sets: Sequence[str] | None = None,
    level: float = 0.95,
    post_hoc: PostHoc = "nemenyi",
) -> OverData:
    """Compare configurations by their ranks on several data sets: all by Friedman's test, then pairs if it finds a difference.

    Nemenyi's test compares average ranks, which also depend on the other configurations: if some of these do differ, two equal ones
    may be shown to differ with a probability above 1 - level. (In simulations in which two equal ones were always the first and the
    last of four, it was 5 to 25 %.) Wilcoxon's signed ranks with Holm's correction depend on the pair alone, but need more data
    sets. Two configurations are compared by Wilcoxon's test alone.

    Args:
        values: the mean over seeds of each configuration on each data set, ``(D, K)``; seeds are no further data sets.
        names: the configurations, ``(K,)``.
        smaller_is_better: whether smaller values are better, for all data sets or for each, ``(D,)``.
        data_sets: their names, ``(D,)``; by default their numbers, from 1.
        level: 1 - level is the largest probability that a difference is shown if all configurations are alike.
        post_hoc: how pairs are tested.

    Raises:
        SampleError: there are fewer than two configurations, or two have the same name; there are too few data sets to show
            anything; a value is not finite; the shapes do not match.

    Sources: Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006); Benavoli, Corani and Mangili,
    "Should we really use post-hoc tests based on mean-ranks?", JMLR 17 (2016).
    """
    means, alpha = np.asarray(values, dtype=float), Rules(level=level).alpha
    sets = tuple(data_sets) if data_sets is not None else tuple(str(index + 1) for index in range(len(means)))
    d, k = _check(means, tuple(names), sets, fewest(max(len(names), 2), alpha, post_hoc))
    oriented = np.where(np.broadcast_to(smaller_is_better, d)[:, None], means, -means)
    ranks = rank_rows(oriented)
    parts = (tuple(names), sets, means, ranks, level)
    if k == 2:
        pair = wilcoxon_holm(oriented, ranks)
        p = float(pair.p[0, 1])
        return OverData(*parts, "Wilcoxon's signed ranks", p, None, pair.p, pair.ahead & (p < alpha))
    whole = friedman(ranks)
    pairs = nemenyi(ranks) if post_hoc == "nemenyi" else wilcoxon_holm(oriented, ranks)
    better = pairs.ahead & (pairs.p < alpha) & (whole.p < alpha)
    gap = critical_difference(d, k, level) if post_hoc == "nemenyi" else None
    return OverData(*parts, "Friedman", whole.p, post_hoc, pairs.p, better, whole.chi_squared, whole.f, gap)


def verdict_over_data(found: OverData) -> str:
    """Say which configurations are shown to be better than which others, and which are not shown to differ; of many, the best."""
    start, evidence = f"over {len(found.data_sets)} data sets", f"{found.test}, {p_value(found.p, 'p')}"
    if not found.significant:
        return f"{start} no difference is shown between {listed(found.names, MOST_NAMED)} ({evidence})"
    better = [_better_than(found, index) for index in found.order if found.better[index].any()]
    if found.post_hoc is None:
        return f"{start} {better[0]} ({evidence})"
    sets = [*found.groups, *found.other_pairs]
    alike = [f"{listed((found.names[index] for index in one), MOST_NAMED)} are not shown to differ" for one in sets]
    parts = [*better, *alike]
    if len(parts) > MOST_PARTS:
        pairs = comb(len(found.names), 2)
        parts = [*better[:1], *alike[:1], f"{int(found.better.sum())} of {pairs} pairs are shown to differ"]
    return f"{start} the average ranks differ ({evidence}): {'; '.join(parts)} ({describe_pairs(found)})"


def describe_pairs(found: OverData) -> str:
    """Return how pairs were tested, in words."""
    if found.critical_difference is not None:
        return f"critical difference {found.critical_difference:.2f}"
    return "Wilcoxon's signed ranks after Holm's correction" if found.post_hoc else "Wilcoxon's signed ranks"


def _better_than(found: OverData, index: int) -> str:
    """Return that the configuration is better than others, with average ranks."""
    better, *worse = (
        f"{found.names[i]!r} ({found.average_ranks[i]:.2f})" for i in (index, *(i for i in found.order if found.better[index, i]))
    )
    shown = ", ".join(worse) if len(worse) <= MOST_NAMED else f"{len(worse)} of {len(found.names) - 1} others"
    return f"{better} {'tends to be' if found.critical_difference is None else 'ranks'} better than {shown}"


def _check(means: np.ndarray, names: tuple[str, ...], data_sets: tuple[str, ...], least: int) -> tuple[int, int]:
    """Return the shape ``(D, K)``; raise SampleError unless there are enough of both and every value is finite."""
    d, k = len(data_sets), len(names)
    if k < 2 or len(set(names)) < k:
        raise SampleError(
            f"a comparison takes at least two configurations, each with a different name; got {', '.join(names) or 'none'}"
        )
    if means.shape != (d, k):
        raise SampleError(
            f"expected a mean over seeds for each of {d} data sets and {k} configurations, got values of shape {means.shape}; "
            "seeds are no further data sets"
        )
    for row, column in np.argwhere(~np.isfinite(means)):
        raise SampleError(f"configuration {names[column]!r} has no finite value on data set {data_sets[row]!r}: leave out either")
    if d < least:
        raise SampleError(
            f"comparing {k} configurations over data sets takes at least {least} of them, got {d}: fewer cannot show anything"
        )
    return d, k
