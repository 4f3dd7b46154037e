"""An interval: the values that a quantity may well have, and how often such an interval covers the true one."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float
    level: float
    """How often an interval made this way covers the true value: 0.95 is 19 times in 20."""

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def cut(self, low: float, high: float) -> Interval:
        """The part of it from `low` to `high`, between which the true value surely is: it covers that as often."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))


@dataclass(frozen=True)
class Estimate:
    """A quantity as the sample has it, and its interval; None where the sample cannot give one, as a single seed cannot."""

    value: float
    interval: Interval | None
