"""Chance: how a table of twenty rounds, such as the paper's, varies if it is made many times."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtr

from regnet.report.tables.format import share
from regnet.report.tables.results import PUBLISHED
from regnet.report.tables.table import Table

ROUNDS = 20
HEADINGS = ("the data of the 20 rounds", "its framework", "its baseline", "std over rounds", "gap", "gap as wide as the paper's")


@dataclass(frozen=True)
class Sides:
    """The final errors of the paper's framework and of its baseline, ``(n,)`` each, for the same n seeds."""

    framework: np.ndarray
    baseline: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """The mean of each side, ``(2,)``."""
        return np.array([self.framework.mean(), self.baseline.mean()])

    @property
    def variances(self) -> np.ndarray:
        """The variance of each side over the seeds, ``(2,)``."""
        return np.array([self.framework.var(ddof=1), self.baseline.var(ddof=1)])

    @property
    def covariance(self) -> float:
        """The covariance of the two sides over the seeds."""
        return float(np.cov(self.framework, self.baseline)[0, 1])


def chance(redrawn: Sides, fixed: Sides) -> Table:
    """Return how much tables of twenty rounds vary, by the source of their data: mean ± standard deviation over tables.

    If all seeds share one data set, the variance over seeds is W, from the weights; if each seed draws its own data, it is
    ``W + D``. So D is the variance from data set to data set, assuming that W is similar on all of them. The mean of 20 rounds
    then has a variance of ``(W + D) / 20`` if each round has its own data, and of ``W / 20 + D`` with one data set. Means of 20
    rounds are assumed to be normal.

    The two sides find the same data sets hard, but not equally: C, the covariance of their errors from data set to data set, is
    that over seeds with data of their own minus that over seeds on one data set. A gap on one data set for both has the variance
    ``(W₁ + W₂) / 20 + D₁ + D₂ - 2C``, the last three of which are the interaction of the data with the side.

    Args:
        redrawn: errors with data regenerated for every seed.
        fixed: errors with the same data for all seeds.
    """
    weights = fixed.variances
    data = np.maximum(redrawn.variances - weights, 0.0)
    covariance = redrawn.covariance - fixed.covariance
    interaction = max(float(data.sum()) - 2 * covariance, 0.0)
    means = redrawn.means
    regenerated, shared = (weights + data) / ROUNDS, weights / ROUNDS + data
    paired = regenerated.sum() - 2 * covariance / ROUNDS
    rows = [
        _row("its own in every round", means, regenerated, weights + data, regenerated.sum()),
        _row("its own in every round, the same for both", means, regenerated, weights + data, paired),
        _row("one data set for all rounds of both", means, shared, weights, weights.sum() / ROUNDS + interaction),
        _row("one data set for each of the two", means, shared, weights, shared.sum()),
    ]
    note = (
        f"Mean ± standard deviation over tables of {ROUNDS} rounds, from the cells above; in the last column how many of a hundred "
        "such tables have a gap at least as wide, to the baseline's disadvantage."
    )
    return Table(f"What {ROUNDS} rounds would show", HEADINGS, (_published(), *rows), (note,))


def _published() -> tuple[str, ...]:
    (framework, _), (baseline, _) = PUBLISHED.values()
    stds = f"{share(framework.std)}, {share(baseline.std)}"
    return "the paper's", share(framework.mean), share(baseline.mean), stds, f"{100 * _gap():+.2f} points", "–"


def _gap() -> float:
    (framework, _), (baseline, _) = PUBLISHED.values()
    return baseline.mean - framework.mean


def _row(name: str, means: np.ndarray, variances: np.ndarray, rounds: np.ndarray, gap: float) -> tuple[str, ...]:
    """Return a row, given the variances of a table's means, of its rounds, and of its gap."""
    expected, spread = float(means[1] - means[0]), sqrt(gap)
    often = 100 * float(ndtr((expected - _gap()) / spread)) if spread else 0.0
    errors = [f"{share(mean)} ± {share(sqrt(variance))}" for mean, variance in zip(means, variances, strict=True)]
    stds = ", ".join(share(sqrt(variance)) for variance in rounds)
    return name, *errors, stds, f"{100 * expected:+.2f} ± {100 * spread:.2f} points", f"{often:.1f} in 100"
