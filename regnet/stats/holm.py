"""Holm's correction of p values for the number of comparisons: of many, some are small by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Correct the p values of a family: rejecting those below α makes any false rejection with probability α at most.

    The smallest of m is multiplied by m, the next by ``m - 1`` and so on; none becomes smaller than the one before it, nor larger
    than 1. None, for a comparison without a test, stays None and is not counted.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
    """
    # statsmodels' multipletests does the same, but collects garbage at each call: 50 ms or more, depending on what is loaded.
    known = np.array([value for value in p if value is not None])
    order = np.argsort(known)
    raised = np.maximum.accumulate(known[order] * np.arange(len(known), 0, -1))
    corrected = iter(np.minimum(raised, 1)[np.argsort(order)].tolist())
    return [None if value is None else next(corrected) for value in p]
