"""The probability of improvement: how often a run of one study is better than a run of the other."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.special import ndtri

from regnet.stats.interval import Estimate, Interval
from regnet.stats.pairing import Matched

EDGE = 1e-12
"""The variance is 0 at exactly 0 and 1."""


def probability_below(matched: Matched, *, level: float = 0.95) -> Estimate:
    """Return ``P(first < second)``, ties counting half, with an interval within 0 and 1; without one for a single value.

    Paired, for the same seed: the share of seeds, with Wilson's interval. Unpaired, for any two runs: Mann and Whitney's
    ``U / (n m)``, with Newcombe's interval: every P that is close enough to the estimate, by the variance that exponential
    distributions would have. It remains valid if the samples do not overlap. If the spread of one sample is three times that of the
    other, the 95 % interval covers 91 to 94 %. For splits of one pool, each n is ``1 / (1/n + overlap)``.

    Sources: Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021; Wilson, "Probable
    inference", JASA 22 (1927); Newcombe, "Confidence intervals for an effect size measure based on the Mann–Whitney statistic",
    Stat. Med. 25 (2006), method 5.
    """
    found = float(1 - np.sign(matched.differences).mean()) / 2
    if min(matched.sizes) < 2:
        return Estimate(found, None)
    return Estimate(found, (_wilson if matched.paired else _newcombe)(found, matched, level))


def _wilson(share: float, matched: Matched, level: float) -> Interval:
    from statsmodels.stats.proportion import proportion_confint

    n = matched.independent[0]
    low, high = proportion_confint(share * n, n, 1 - level, method="wilson")
    return Interval(float(low), float(high), level)


def _newcombe(found: float, matched: Matched, level: float) -> Interval:
    from scipy.optimize import brentq

    n, m = matched.independent
    z = float(ndtri((1 + level) / 2))

    def beyond(p: float) -> float:
        """Return how much farther `p` is from the estimate than chance explains."""
        weight = (n + m) / 2 - 1
        variance = p * (1 - p) * (1 + weight * ((1 - p) / (2 - p) + p / (1 + p))) / (n * m)
        return abs(found - p) - z * sqrt(variance)

    low = brentq(beyond, 0, min(found, 1 - EDGE)) if found > 0 else 0.0
    high = brentq(beyond, max(found, EDGE), 1) if found < 1 else 1.0
    return Interval(float(low), float(high), level)
