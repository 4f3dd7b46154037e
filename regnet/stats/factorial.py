"""Factorial experiments: what each of several choices does to a metric, and what they do only together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from regnet.stats.summary import Summary, deviation, summarize


@dataclass(frozen=True)
class Effect:
    """How much a choice changes a metric, over all seeds."""

    name: str
    difference: Summary
    """The difference for each seed, as a sample."""
    p: float
    """How likely so large a mean difference would be if there were none (paired t test, two-sided); not a number where every
    seed's difference is the same, which a test cannot judge."""


def paired_effect(name: str, differences: np.ndarray) -> Effect:
    """The effect that the differences of each seed, ``(n,)``, show: their mean, its interval, and a paired t test against none."""
    from scipy import stats  # which takes 0.7 s

    p = stats.ttest_1samp(differences, 0.0).pvalue if deviation(differences) else float("nan")
    return Effect(name, summarize(differences), float(p))


def factorial_effects(cells: np.ndarray, names: tuple[str, ...]) -> tuple[Effect, ...]:
    """The main effects and all interactions of a 2 × 2 × … experiment in which every seed was run in every cell.

    With `y[i, j, …]` a seed's value at level `i` of the first factor, `j` of the second and so on, the contrast of a set S of
    the k factors is ``Σ ± y / 2^(k - 1)``, with a minus for each factor of S that is at its level 0. For two factors::

        first        ((y[1,0] + y[1,1]) - (y[0,0] + y[0,1])) / 2
        second       ((y[0,1] + y[1,1]) - (y[0,0] + y[1,0])) / 2
        interaction  ((y[1,1] - y[1,0]) - (y[0,1] - y[0,0])) / 2

    Pairing by seed removes what the cells share, such as a seed's data.

    Args:
        cells: the values, ``(2, …, 2, n)`` with an axis for each factor, and the same n seeds in the same order in every cell.
        names: what the factors are called.

    Returns:
        The main effects in the factors' order, then the interactions of two, of three and so on.
    """
    orders = range(1, len(names) + 1)
    factors = [subset for order in orders for subset in combinations(range(len(names)), order)]
    return tuple(paired_effect(_title([names[factor] for factor in some]), _contrast(cells, some)) for some in factors)


def _contrast(cells: np.ndarray, factors: tuple[int, ...]) -> np.ndarray:
    """Each seed's contrast ``(n,)``: differences over the factors, means over the others."""
    contrast: np.ndarray = cells / 2 ** (len(factors) - 1)
    for axis in reversed(range(cells.ndim - 1)):
        contrast = np.diff(contrast, axis=axis).squeeze(axis) if axis in factors else contrast.mean(axis)
    return contrast


def _title(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{' × '.join(names)} (interaction)"
