"""How numbers are written: with as many digits as they deserve, and the unit a person thinks in."""

from __future__ import annotations

import math

from regnet.stats import Measure, Summary


def share(value: float) -> str:
    """A share as a percentage: 0.0189 is 1.89 %."""
    return f"{100 * value:.2f} %"


def number(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}"


def seconds(value: float) -> str:
    """A time in seconds, to a hundredth, or to a thousandth below one."""
    return f"{value:.2f} s" if value >= 1 else f"{value:.3f} s"


def time_spread(mean: float, std: float) -> str:
    """A mean time and its standard deviation, both to as many places as the mean deserves."""
    places = 2 if mean >= 1 else 3
    return f"{mean:.{places}f} s ± {std:.{places}f} s"


def spread(measure: Measure, summary: Summary) -> str:
    """A mean and its standard deviation; from a single run only its value."""
    if summary.n == 1:
        return measure.show(summary.mean)
    return f"{measure.show(summary.mean)} ± {measure.show(summary.std)}"


def interval(measure: Measure, low: float, high: float) -> str:
    """The ends of an interval, with the unit once; a dash where one run gives none."""
    if math.isnan(low):
        return "–"
    first = measure.show(low).removesuffix(measure.unit).rstrip()
    return f"[{first}, {measure.show(high)}]"
