"""The noncentral t distribution: where t falls when there is a difference, which effect sizes and power are read from."""

from __future__ import annotations

from math import sqrt

from scipy.special import chdtri, nctdtrinc

FAR = 1e3
"""From here on nctdtrinc, which takes a time that grows like t, is no nearer to the truth: within 1e-4 of p."""


def noncentrality(p: float, t: float, freedom: float) -> float:
    """The δ for which ``P(T ≤ t) = p``, where ``T = (Z + δ) / √(V / ν)`` with Z standard normal and V chi-squared with ν degrees.

    Far out Z no longer matters, so that ``δ = t √(V / ν)`` with V at its upper quantile p, or for a negative t at the lower one.
    """
    if abs(t) > FAR:
        return t * sqrt(float(chdtri(freedom, p if t > 0 else 1 - p)) / freedom)
    return float(nctdtrinc(freedom, p, t))
