"""A measure: how to read a metric's values, which direction is better, which values there are, and in what unit to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any


@dataclass(frozen=True)
class Measure:
    """How to read a metric's values; every value lies from `low` to `high`."""

    low: float = -inf
    high: float = inf
    smaller_is_better: bool = True
    scale: float = 1.0
    """What a value is multiplied by to be shown: 100 where a share is shown in percent."""
    unit: str = ""
    """The unit in which it is then shown."""
    title: str = ""
    """What to call the metric."""
    axes: tuple[str, ...] = ()
    """For a metric that is a table, what its axes are."""

    @property
    def worst(self) -> float:
        """The worst value there is; infinite where there is none."""
        return self.high if self.smaller_is_better else self.low

    @property
    def width(self) -> float:
        """The most that two values can differ by."""
        return self.high - self.low

    @property
    def gap_unit(self) -> str:
        """The unit of a difference between two values: points for percentages."""
        return "points" if self.unit == "%" else self.unit

    @property
    def superlative(self) -> str:
        """What the best value is among others."""
        return "lowest" if self.smaller_is_better else "highest"

    def show(self, value: float) -> str:
        """A value in its unit: percentages to two places, other numbers to four significant digits."""
        if self.unit == "%":
            return f"{self.scale * value:.2f} %"
        return f"{self.scale * value:.4g} {self.unit}".rstrip()

    def gap(self, *sizes: float) -> str:
        """The size of a difference between two values in words, or from one size to another: `0.3 points`, `0.1 to 0.4 points`."""
        return f"{' to '.join(f'{self.scale * abs(size):.3g}' for size in sizes)} {self.gap_unit}".rstrip()

    def as_plain(self) -> dict[str, Any]:
        """What is not at its default, as JSON can hold it."""
        defaults = asdict(UNBOUNDED)
        return {name: value for name, value in asdict(self).items() if value != defaults[name] and _is_plain(value)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Measure:
        """The measure that `as_plain` described."""
        return cls(**{**plain, "axes": tuple(plain.get("axes", ()))})


UNBOUNDED = Measure()
LOSS = Measure(title="loss")


def _is_plain(value: Any) -> bool:
    return not isinstance(value, float) or isfinite(value)
