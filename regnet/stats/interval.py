"""An interval: a range of plausible values for a quantity, and how often such an interval covers the true value."""

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
        """Return the part from `low` to `high`; its coverage is the same if the true value is known to lie between them."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))


@dataclass(frozen=True)
class Estimate:
    """The value of a quantity in a sample, and its interval; None if the sample gives none, as with a single seed."""

    value: float
    interval: Interval | None
