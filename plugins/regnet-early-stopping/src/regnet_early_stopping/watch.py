"""Watching one seed: the best value so far, and for how long there has been no better one."""

from __future__ import annotations

import math


class Watch:
    """What is remembered of one seed while it is trained."""

    def __init__(self, patience: int, min_delta: float, *, smaller_is_better: bool = True) -> None:
        self._patience = patience
        self._min_delta = min_delta
        self._sign = 1 if smaller_is_better else -1
        self._best = math.inf
        self._waited = 0

    def is_over(self, value: float) -> bool:
        """Takes the metric's value after an epoch, and says whether patience has run out."""
        loss = self._sign * value
        if loss < self._best - self._min_delta:
            self._best = loss
            self._waited = 0
        else:
            self._waited += 1
        return self._waited >= self._patience
