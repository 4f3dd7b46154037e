"""The spread of a sample: how far its values lie apart, and whether they do at all."""

from __future__ import annotations

import numpy as np


def deviation(values: np.ndarray) -> float:
    """The standard deviation of values ``(n,)``, with n - 1; 0 where they differ by nothing but rounding."""
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return 0.0
    return float(values.std(ddof=1))
