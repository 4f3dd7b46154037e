"""A measure: how to read a metric's values: which direction is better, their bounds, and the unit to show them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any, Literal


@dataclass(frozen=True)
class Measure:
    """How to read a metric's values: the attributes of a `Metric` that concern no computation."""

    smallest: float = -inf
    largest: float = inf
    better: Literal["smaller", "larger"] = "smaller"
    scale: float = 1.0
    """The factor to multiply a value by before showing it: 100 for a share shown in percent."""
    unit: str = ""
    """The unit of the scaled value."""
    title: str = ""
    """The metric's name in words."""
    axes: tuple[str, ...] = ()
    """The names of the axes, for a metric that is a table."""

    @property
    def smaller_is_better(self) -> bool:
        """Whether smaller values are better."""
        return self.better == "smaller"

    @property
    def worst(self) -> float:
        """The worst possible value; infinite if there is no bound."""
        return self.largest if self.smaller_is_better else self.smallest

    @property
    def width(self) -> float:
        """The largest possible difference between two values."""
        return self.largest - self.smallest

    @property
    def gap_unit(self) -> str:
        """The unit of a difference between two values: points for percentages."""
        return "points" if self.unit == "%" else self.unit

    @property
    def superlative(self) -> str:
        """The word for the best of several values."""
        return "lowest" if self.smaller_is_better else "highest"

    def show(self, value: float) -> str:
        """Return a value with its unit: percentages to two decimal places, other numbers to four significant digits."""
        if self.unit == "%":
            return f"{self.scale * value:.2f} %"
        return f"{self.scale * value:.4g} {self.unit}".rstrip()

    def gap(self, *sizes: float) -> str:
        """Return the size of a difference with its unit, or a range of sizes: `0.3 points`, `0.1 to 0.4 points`."""
        return f"{' to '.join(f'{self.scale * abs(size):.3g}' for size in sizes)} {self.gap_unit}".rstrip()

    def as_plain(self) -> dict[str, Any]:
        """Return the fields that are not at their defaults, as JSON can hold them."""
        defaults = asdict(UNBOUNDED)
        return {name: value for name, value in asdict(self).items() if value != defaults[name] and _is_plain(value)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Measure:
        """Return the measure that `as_plain` described."""
        return cls(**{**plain, "axes": tuple(plain.get("axes", ()))})


UNBOUNDED = Measure()
LOSS = Measure(title="loss")


def name_of(metric: str) -> str:
    """Return the name of a metric such as ``test/f1`` or ``test/confusion_matrix/0/1`` without its split and indices."""
    return metric.split("/")[1] if "/" in metric else metric


def _is_plain(value: Any) -> bool:
    return not isinstance(value, float) or isfinite(value)
