"""Formatting of numbers: significant digits and units that are easy to read."""

from __future__ import annotations

import math

from regnet.stats import Measure, Summary

NOTHING = "–"


def share(value: float) -> str:
    """Format a share as a percentage: 0.0189 is 1.89 %."""
    return f"{100 * value:.2f} %"


def number(value: float) -> str:
    """Format a number to four significant digits."""
    return f"{value:.4g}"


def seconds(value: float) -> str:
    """Format a time in seconds to two decimal places, or to three below 1 s."""
    return f"{value:.2f} s" if value >= 1 else f"{value:.3f} s"


def time_spread(mean: float, std: float) -> str:
    """Format a mean time and its standard deviation, both to two decimal places, or to three if the mean is below 1 s."""
    places = 2 if mean >= 1 else 3
    return f"{mean:.{places}f} s ± {std:.{places}f} s"


def spread(measure: Measure, summary: Summary) -> str:
    """Format a mean and its standard deviation; of a single run only the value."""
    if summary.n == 1:
        return measure.show(summary.mean)
    return f"{measure.show(summary.mean)} ± {measure.show(summary.std)}"


def interval(measure: Measure, low: float, high: float) -> str:
    """Format an interval with its unit once; a dash if there is none, as for a single run."""
    if math.isnan(low):
        return NOTHING
    first = measure.show(low).removesuffix(measure.unit).rstrip()
    return f"[{first}, {measure.show(high)}]"
