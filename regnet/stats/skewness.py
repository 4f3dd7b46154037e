"""Skewed values, whose mean Student's interval covers less often than its level says."""

from __future__ import annotations

from typing import Final

import numpy as np

FEWEST: Final = 8
"""The fewest values whose skewness can be tested."""
SIGNIFICANT: Final = 0.01
"""Below this p values are skewed: those of 1 in 100 samples of normal values."""
PER_SQUARE: Final = 25
"""The mean of more values than this times the square of their skewness is normal enough."""


def skewness_that_matters(values: np.ndarray) -> float | None:
    """Return the skewness of values that vary, ``(n,)``, if it shows, and n is too small to make up for it; else None.

    Sources: D'Agostino, "Transformation to normality of the null distribution of g₁", Biometrika 57 (1970), for the test; Cochran,
    "Sampling techniques", 1977, section 2.15, for the number of values: with ``n > 25 g₁²`` a 95 % interval covers at least 94 %.
    """
    from scipy import stats

    if len(values) < FEWEST or stats.skewtest(values).pvalue >= SIGNIFICANT:
        return None
    skewness = float(stats.skew(values))
    return skewness if len(values) < PER_SQUARE * skewness**2 else None
