"""Watch one seed: keep the best value so far, and the number of epochs since then."""

from __future__ import annotations

import math


class Watch:
    """The best value of one seed so far, and the number of epochs without an improvement."""

    def __init__(self, patience: int, min_delta: float, *, smaller_is_better: bool = True) -> None:
        self._patience = patience
        self._min_delta = min_delta
        self._sign = 1 if smaller_is_better else -1
        self._best = math.inf
        self._waited = 0

    def is_over(self, value: float) -> bool:
        """Record the metric's value after an epoch, and return whether the seed is to stop."""
        loss = self._sign * value
        if loss < self._best - self._min_delta:
            self._best = loss
            self._waited = 0
        else:
            self._waited += 1
        return self._waited >= self._patience
