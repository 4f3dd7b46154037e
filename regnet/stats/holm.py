"""Holm's correction: of many comparisons some look striking by chance, so each has to be the more striking, the more there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float | None]) -> list[float | None]:
    """The p values of a family of comparisons, corrected: calling those below α different errs at all with a chance of α at most.

    The smallest of m is taken m times, the next ``m - 1`` times and so on; none is made smaller than one before it, nor larger
    than 1. None, where there was no test, stays None and is not counted.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
    """
    # statsmodels' multipletests has the same, but collects garbage at each call: 50 ms, and more the more is loaded.
    known = np.array([value for value in p if value is not None])
    order = np.argsort(known)
    raised = np.maximum.accumulate(known[order] * np.arange(len(known), 0, -1))
    corrected = iter(np.minimum(raised, 1)[np.argsort(order)].tolist())
    return [None if value is None else next(corrected) for value in p]
