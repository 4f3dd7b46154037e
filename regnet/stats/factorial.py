"""Factorial experiments: the effect of each of several choices on a metric, and their interactions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from regnet.stats.summary import Summary, deviation, summarize


@dataclass(frozen=True)
class Effect:
    """The change that a choice makes to a metric, over all seeds."""

    name: str
    difference: Summary
    """A summary of the differences, one for each seed."""
    p: float
    """Of a two-sided paired t test of the mean difference; NaN if every seed's difference is the same."""


def paired_effect(name: str, differences: np.ndarray) -> Effect:
    """Return the effect in the differences ``(n,)``, one for each seed: mean, interval, and a paired t test against 0."""
    from scipy import stats  # takes 0.7 s to import

    p = stats.ttest_1samp(differences, 0.0).pvalue if deviation(differences) else float("nan")
    return Effect(name, summarize(differences), float(p))


def factorial_effects(cells: np.ndarray, names: tuple[str, ...]) -> tuple[Effect, ...]:
    """Return the main effects and all interactions of a 2 × 2 × … experiment in which every seed was run in every cell.

    With `y[i, j, …]` a seed's value at level `i` of the first factor, `j` of the second and so on, the contrast of a set S of
    the k factors is ``Σ ± y / 2^(k - 1)``, with a minus sign for each factor of S at level 0. For two factors::

        first        ((y[1,0] + y[1,1]) - (y[0,0] + y[0,1])) / 2
        second       ((y[0,1] + y[1,1]) - (y[0,0] + y[1,0])) / 2
        interaction  ((y[1,1] - y[1,0]) - (y[0,1] - y[0,0])) / 2

    Pairing by seed removes what the cells share, such as a seed's data.

    Args:
        cells: the values, ``(2, …, 2, n)`` with an axis for each factor, and the same n seeds in the same order in every cell.
        names: the factors' names.

    Returns:
        The main effects in the factors' order, then the interactions of two, of three and so on.
    """
    orders = range(1, len(names) + 1)
    subsets = [subset for order in orders for subset in combinations(range(len(names)), order)]
    return tuple(paired_effect(_title([names[factor] for factor in subset]), _contrast(cells, subset)) for subset in subsets)


def _contrast(cells: np.ndarray, factors: tuple[int, ...]) -> np.ndarray:
    """Return each seed's contrast ``(n,)``: differences over these factors, means over the rest."""
    contrast: np.ndarray = cells / 2 ** (len(factors) - 1)
    for axis in reversed(range(cells.ndim - 1)):
        contrast = np.diff(contrast, axis=axis).squeeze(axis) if axis in factors else contrast.mean(axis)
    return contrast


def _title(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{' × '.join(names)} (interaction)"
