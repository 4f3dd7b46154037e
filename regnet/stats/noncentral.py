"""The noncentral t distribution: the distribution of t if there is a difference, for effect sizes and power."""

from __future__ import annotations

from math import sqrt

from scipy.special import chdtri, nctdtrinc

FAR = 1e3
"""Above this t the approximation is as accurate as nctdtrinc, to within 1e-4 of p; nctdtrinc's time grows with t."""


def noncentrality(p: float, t: float, freedom: float) -> float:
    """Return the δ for which ``P(T ≤ t) = p``, ``T = (Z + δ) / √(V / ν)``, with Z standard normal and V chi-squared with ν degrees.

    For large t, Z is negligible, so ``δ = t √(V / ν)`` with V at its upper quantile p, or for a negative t at its lower quantile.
    """
    if abs(t) > FAR:
        return t * sqrt(float(chdtri(freedom, p if t > 0 else 1 - p)) / freedom)
    return float(nctdtrinc(freedom, p, t))
