"""Statistics over seeds: what a number of runs says about a configuration, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit  # scipy.stats has the same under friendlier names, but takes 0.7 s to load


@dataclass(frozen=True)
class Summary:
    """A sample of independent runs: its size, its moments, and an interval for the mean it was drawn around."""

    n: int
    mean: float
    std: float
    """The sample's standard deviation, with n - 1; not a number where n is 1."""
    low: float
    high: float
    """The ends of the interval; not a number where n is 1."""


def summarize(values: Sequence[float] | np.ndarray, level: float = 0.95) -> Summary:
    """Mean, standard deviation and Student's t interval for the mean, ``mean ± t(n - 1) std / √n``.

    Args:
        values: one number for each run, ``(n,)``. A failed run is no number: leave it out and say so.
        level: how often such an interval covers the true mean.

    Raises:
        ValueError: there is no value, or one is not finite.
    """
    sample = np.asarray(values, dtype=float)
    if sample.size == 0 or not np.isfinite(sample).all():
        raise ValueError(f"expected at least one number, all of them finite; got {sample}")
    std = float(sample.std(ddof=1)) if sample.size > 1 else float("nan")
    return from_moments(float(sample.mean()), std, int(sample.size), level)


def from_moments(mean: float, std: float, n: int, level: float = 0.95) -> Summary:
    """The same from a published mean, standard deviation and number of runs."""
    if n == 1:
        return Summary(n, mean, float("nan"), float("nan"), float("nan"))
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * std / np.sqrt(n)
    return Summary(n, mean, std, float(mean - reach), float(mean + reach))


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
    constant = np.ptp(differences) <= 1e-12 * np.abs(differences).max(initial=1e-300)
    p = float("nan") if constant else _t_test(differences)
    return Effect(name, summarize(differences), p)


def factorial_effects(cells: np.ndarray, names: tuple[str, str]) -> tuple[Effect, Effect, Effect]:
    """Both main effects and the interaction of a 2 × 2 experiment in which every seed was run in every cell.

    With `y[i, j]` a seed's value at level `i` of the first factor and `j` of the second, its contrasts are::

        first        ((y[1,0] + y[1,1]) - (y[0,0] + y[0,1])) / 2
        second       ((y[0,1] + y[1,1]) - (y[0,0] + y[1,0])) / 2
        interaction  ((y[1,1] - y[1,0]) - (y[0,1] - y[0,0])) / 2

    Pairing by seed removes what the cells share, such as a seed's data.

    Args:
        cells: the values, ``(2, 2, n)``, with the same n seeds in the same order in every cell.
        names: what the two factors are called.
    """
    (a, b), (c, d) = cells
    contrasts = {
        names[0]: ((c + d) - (a + b)) / 2,
        names[1]: ((b + d) - (a + c)) / 2,
        f"{names[0]} × {names[1]} (interaction)": ((d - c) - (b - a)) / 2,
    }
    first, second, both = (paired_effect(name, contrast) for name, contrast in contrasts.items())
    return first, second, both


def _t_test(differences: np.ndarray) -> float:
    """The two-sided p of Student's t test that the mean is zero: ``2 P(T < -|t|)`` with ``t = √n mean / std``."""
    n = len(differences)
    t = np.sqrt(n) * differences.mean() / differences.std(ddof=1)
    return float(2 * stdtr(n - 1, -abs(t)))
