"""A measure: what a metric's numbers mean, which end is the better one, which values there are, and in what unit to say them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Measure:
    """How to read a metric's values; every value lies from `low` to `high`."""

    low: float = -inf
    high: float = inf
    smaller_is_better: bool = True
    scale: float = 1.0
    """How many of `unit` one is: 100 where a share is said in points."""
    unit: str = ""

    @property
    def worst(self) -> float:
        """The worst value there is; infinite where there is none."""
        return self.high if self.smaller_is_better else self.low

    @property
    def width(self) -> float:
        """The most that two values can differ by."""
        return self.high - self.low

    def gap(self, *sizes: float) -> str:
        """The size of a difference between two values in words, or from one size to another: `0.3 points`, `0.1 to 0.4 points`."""
        return f"{' to '.join(f'{self.scale * abs(size):.3g}' for size in sizes)} {self.unit}".rstrip()


UNBOUNDED = Measure()

_MEASURES = {
    "error_rate": Measure(0, 1, scale=100, unit="points"),
    "rmse": Measure(low=0),
    "r2": Measure(high=1, smaller_is_better=False),
}


def measure_of(metric: str) -> Measure:
    """The measure of a metric such as ``test/error_rate``; one that is not known here is unbounded, the smaller the better."""
    return _MEASURES.get(metric.rpartition("/")[2], UNBOUNDED)
