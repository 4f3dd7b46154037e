"""Chance: what a table of twenty rounds, such as the report's, would show if it were made again and again."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtr

from regnet.report.tables.format import share
from regnet.report.tables.results import PUBLISHED
from regnet.report.tables.table import Table

ROUNDS = 20
HEADINGS = ("the data of the 20 rounds", "its framework", "its baseline", "std over rounds", "gap", "gap as wide as the report's")


@dataclass(frozen=True)
class Sides:
    """The final errors of the report's framework and of its baseline, ``(n,)`` each, for the same n seeds."""

    framework: np.ndarray
    baseline: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """Of either, ``(2,)``."""
        return np.array([self.framework.mean(), self.baseline.mean()])

    @property
    def variances(self) -> np.ndarray:
        """Of either, over the seeds, ``(2,)``."""
        return np.array([self.framework.var(ddof=1), self.baseline.var(ddof=1)])


def chance(redrawn: Sides, fixed: Sides) -> Table:
    """How far tables of twenty rounds differ from each other, by where their data come from: mean ± standard deviation over tables.

    The variance over seeds is W from the weights where all share one data set, and ``W + D`` where each draws its own; so D is that
    from data set to data set, if W is much the same on all. The mean of 20 rounds then has a variance of ``(W + D) / 20`` with data
    of their own, and of ``W / 20 + D`` with one data set. Means of 20 are taken to be normal.

    Args:
        redrawn: each seed with data of its own.
        fixed: all seeds with the same data.
    """
    weights = fixed.variances
    data = np.maximum(redrawn.variances - weights, 0.0)
    pairing = float(np.cov(redrawn.framework, redrawn.baseline)[0, 1])
    means = redrawn.means
    every, one = (weights + data) / ROUNDS, weights / ROUNDS + data
    rows = [
        _row("its own in every round", means, every, weights + data, every.sum()),
        _row("its own in every round, the same for both", means, every, weights + data, every.sum() - 2 * pairing / ROUNDS),
        _row("one data set for all rounds of both", means, one, weights, weights.sum() / ROUNDS),
        _row("one data set for each of the two", means, one, weights, one.sum()),
    ]
    note = (
        f"Mean ± standard deviation over tables of {ROUNDS} rounds, from the cells above; in the last column how many of a hundred "
        "such tables have a gap at least as wide, to the baseline's disadvantage."
    )
    return Table(f"What {ROUNDS} rounds would show", HEADINGS, (_published(), *rows), (note,))


def _published() -> tuple[str, ...]:
    (framework, _), (baseline, _) = PUBLISHED.values()
    stds = f"{share(framework.std)}, {share(baseline.std)}"
    return "the report's", share(framework.mean), share(baseline.mean), stds, f"{100 * _gap():+.2f} points", "–"


def _gap() -> float:
    (framework, _), (baseline, _) = PUBLISHED.values()
    return baseline.mean - framework.mean


def _row(name: str, means: np.ndarray, variances: np.ndarray, rounds: np.ndarray, gap: float) -> tuple[str, ...]:
    """`variances` are those of a table's means, `rounds` those of its rounds, `gap` that of its difference."""
    expected, spread = float(means[1] - means[0]), sqrt(gap)
    often = 100 * float(ndtr((expected - _gap()) / spread)) if spread else 0.0
    errors = [f"{share(mean)} ± {share(sqrt(variance))}" for mean, variance in zip(means, variances, strict=True)]
    stds = ", ".join(share(sqrt(variance)) for variance in rounds)
    return name, *errors, stds, f"{100 * expected:+.2f} ± {100 * spread:.2f} points", f"{often:.1f} in 100"
