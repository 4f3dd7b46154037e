"""Alpha spending: the levels for p at each of several looks at growing samples, with which all looks together err rarely enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from math import e, exp, log
from typing import Final, Literal

import numpy as np
from scipy.special import betainc, betaincinv, betaln, ndtr, ndtri

from regnet.stats.sample import SampleError

Spending = Literal["obrien_fleming", "linear", "pocock"]
"""How the looks share the accepted error. `obrien_fleming` keeps almost all for the last looks, so that few more seeds are needed
than with a single look; `linear` spends it in proportion to the seeds, and `pocock` more of it at the first looks, so that a large
difference is shown with few seeds: but there t is least accurate if the differences are skewed."""

SPENT: Final[Mapping[Spending, Callable[[float, np.ndarray], np.ndarray]]] = {
    "obrien_fleming": lambda alpha, share: 4 * ndtr(ndtri(alpha / 4) / np.sqrt(share)),
    "linear": lambda alpha, share: alpha * share,
    "pocock": lambda alpha, share: alpha * np.log1p((e - 1) * share),
}
"""What may be spent, in both directions together, by the time that a share of all seeds has been seen."""

NODES: Final = 48
"""The number of nodes of each integral: levels are accurate to 0.1 %, or to 1 % if looks are two seeds apart."""
NEGLIGIBLE: Final = 1e-12
"""What is less is spent without an integral, as if no look had been before."""
LEAST: Final = 1e-300
"""The smallest level: O'Brien and Fleming's function is 0 in floating point at the first few of many seeds."""


def looks(
    schedule: Sequence[int], alpha: float = 0.05, *, family: int = 1, spending: Spending = "obrien_fleming", paired: bool = True
) -> tuple[float, ...]:
    """Return the level of each look ``(K,)``: a difference is shown at the first look with a two-sided p no larger.

    If there is no difference, all looks together show one with probability ``alpha / family`` (Bonferroni's correction), and the
    first k with the part of it that may be spent at the share ``n_k / n_K`` of the seeds. A level depends only on the looks before
    it and on the last number. So if the numbers are not as planned, pass those that there were: levels already used stay the same.

    Args:
        schedule: the total number of seeds of each study at each look, ``(K,)``.
        alpha: the accepted probability that a family shows any difference if there is none.
        family: the number of comparisons.
        spending: how the looks share alpha.
        paired: the levels are exact for Student's paired t of normal differences; if not paired, for the t of two samples with the
            same size and spread, to which Welch's is close.

    Raises:
        SampleError: the schedule does not begin at 2 or more and rise by at least 2; alpha or the family is out of range.

    Sources: Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983); Jennison and Turnbull,
    "Exact calculations for sequential t, χ² and F tests", Biometrika 78 (1991).
    """
    if not schedule or schedule[0] < 2 or any(later - n < 2 for n, later in pairwise(schedule)):
        numbers = ", ".join(map(str, schedule)) or "none"
        raise SampleError(f"looks begin at 2 or more seeds and are at least 2 apart; got {numbers}")
    if not (0 < alpha < 1 and family >= 1):
        raise SampleError(f"alpha lies between 0 and 1, and a family has at least 1 comparison; got {alpha:g} and {family}")
    return _levels(tuple(schedule), alpha / family, spending, paired)


@cache
def _levels(schedule: tuple[int, ...], alpha: float, spending: Spending, paired: bool) -> tuple[float, ...]:
    """Return the levels, by integration from look to look over ``x = S / √(I Q)``: S sums, Q sums squares, I is the variance of S.

    Q has D degrees of freedom: n of n differences, ``2 n - 1`` of two samples of n about their common mean. The p of Student's t is
    ``P(|u| ≥ |x|)``, with u a coordinate of a random point on the unit sphere in D dimensions. Without a difference, x does not
    depend on Q (Basu's theorem), so x at a look follows from x at the look before: if D grows by d, and I by i,

        ``x' √(I + i) = x √(I b) + u √(i (1 - b)),  b ~ Beta(D / 2, d / 2)``, and u in d dimensions.
    """
    sizes = [n if paired else 2 * n - 1 for n in schedule]
    spent = np.maximum(SPENT[spending](alpha, np.array(schedule) / schedule[-1]), LEAST)
    levels = [float(spent[0])]
    x, weight = _nodes(levels[0], sizes[0])
    mass = 2 * _density(x, sizes[0]) * weight
    for k in range(1, len(sizes)):
        step = _Step(x, mass, sizes[k - 1], sizes[k], schedule[k - 1] / schedule[k])
        levels.append(step.level(float(spent[k] - spent[k - 1]), float(spent[k])))
        x, weight = _nodes(levels[-1], sizes[k])
        mass = step.density(x) * weight
    return tuple(levels)


class _Step:
    """From a look to the next: the nodes of ``|x|`` where comparisons continue, ``(G,)``, each with its probability `mass`."""

    def __init__(self, x: np.ndarray, mass: np.ndarray, before: int, after: int, share: float) -> None:
        quantile, self.weight = _legendre(1.0)
        b = betaincinv(before / 2, (after - before) / 2, quantile)
        self.center = np.sqrt(share * b) * np.stack([x, -x])[..., None]  # (2, G, B)
        self.spread = np.sqrt((1 - share) * (1 - b))
        self.mass, self.after, self.new = mass, after, after - before

    def level(self, spend: float, total: float) -> float:
        """Return the p that is reached here, but at no look before, with the probability `spend`; `total` is spent so far."""
        from scipy.optimize import brentq

        def excess(logarithm: float) -> float:
            beyond = _tail((_largest(exp(logarithm), self.after) - self.center) / self.spread, self.new)
            return log(float(self.mass @ (beyond.sum(0) @ self.weight)) / spend)

        if spend < NEGLIGIBLE or excess(log(spend)) > 0:  # by rounding, if almost nothing was spent before
            return max(spend, LEAST)
        return exp(brentq(excess, log(spend), min(log(1.1 * total), 0.0), xtol=1e-7))

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density of the next look's ``|x|``, ``(G,)``."""
        ways = (_density((one - self.center) / self.spread, self.new) / self.spread for one in x)
        return np.array([self.mass @ (each.sum(0) @ self.weight) for each in ways])


def _density(u: np.ndarray, d: int) -> np.ndarray:
    """Return the density of a coordinate of a random point on the unit sphere in d dimensions."""
    inside = np.abs(u) < 1
    exponent = (d - 3) / 2 * np.log1p(-np.where(inside, u**2, 0)) - betaln(0.5, (d - 1) / 2)
    return np.asarray(np.where(inside, np.exp(exponent), 0.0))


def _tail(u: np.ndarray, d: int) -> np.ndarray:
    """Return the probability that the coordinate is larger."""
    half = betainc((d - 1) / 2, 0.5, 1 - np.minimum(u**2, 1)) / 2
    return np.asarray(np.where(u > 0, half, 1 - half))


def _largest(p: float, d: int) -> float:
    """Return the size that the coordinate exceeds with probability p."""
    return float(np.sqrt(1 - betaincinv((d - 1) / 2, 0.5, p)))


def _nodes(level: float, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights for the sizes of the coordinate that do not reach a level; beyond a p of 1e-14 there are none."""
    angle, weight = _legendre(float(np.arcsin(_largest(max(level, 1e-14), d))))
    return np.sin(angle), weight * np.cos(angle)


def _legendre(end: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes and weights of Gauss and Legendre's integral from 0 to an end."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    return end * (node + 1) / 2, end * weight / 2
