"""The verdict: the result of a comparison in a plain sentence."""

from __future__ import annotations

from regnet.stats.comparison import Comparison
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.power import Power
from regnet.stats.wording import p_value


def verdict(comparison: Comparison, measure: Measure = UNBOUNDED) -> str:
    """Say which study is better and by how much; or that neither is shown to be, and which difference would have been found."""
    if min(comparison.n) < 2:
        return f"nothing is shown: {_seeds(comparison)}, and a single one cannot distinguish a difference from chance"
    if comparison.better:
        return _shown(comparison, comparison.better, measure)
    return _without_spread(comparison, measure) if comparison.power is None else _not_shown(comparison, comparison.power, measure)


def _shown(comparison: Comparison, better: str, measure: Measure) -> str:
    first = better == comparison.first
    worse = comparison.second if first else comparison.first
    share = comparison.improvement.value if first else 1 - comparison.improvement.value
    often = f"on {100 * share:.0f} % of the seeds" if comparison.paired else f"in {100 * share:.0f} % of all pairs of runs"
    if comparison.rules.test == "rank":
        return f"{better!r} tends to be better than {worse!r}: it is {often} ({_evidence(comparison)})"
    return f"{better!r} is better than {worse!r} by {_size(comparison, measure)}, and {often} ({_evidence(comparison)})"


def _size(comparison: Comparison, measure: Measure) -> str:
    means = comparison.difference.means
    if means.interval is None:
        return measure.gap(means.value)
    low, high = sorted((abs(means.interval.low), abs(means.interval.high)))
    return f"{measure.gap(means.value)} ({100 * comparison.rules.level:g} % interval {measure.gap(low, high)})"


def _not_shown(comparison: Comparison, power: Power, measure: Measure) -> str:
    if power.fewest:
        level = f"{comparison.rules.alpha / comparison.family:.2g}"
        return (
            f"no difference shown ({_evidence(comparison)}): with {_seeds(comparison)} this test cannot give p < {level}, "
            f"whatever the values; it takes at least {power.fewest} seeds of each"
        )
    missed = measure.gap(min(power.missed, measure.width))
    found = f"one of {measure.gap(power.found)}" if power.found <= measure.width else "none that there can be is"
    return (
        f"no difference shown ({_evidence(comparison)}): with {_seeds(comparison)} a gap under {missed} would be missed "
        f"4 times in 5, and {found} found 4 times in 5"
    )


def _without_spread(comparison: Comparison, measure: Measure) -> str:
    gap = comparison.difference.means.value
    if gap == 0:
        return f"no difference: the same values with {_seeds(comparison)}"
    apart = f"exactly {measure.gap(gap)} apart with {_seeds(comparison)}, without any spread"
    return f"no difference shown ({_evidence(comparison)}): {apart}"


def _evidence(comparison: Comparison) -> str:
    assert comparison.p is not None
    corrected = f" after Holm's correction over {comparison.family} comparisons" if comparison.family > 1 else ""
    return f"{comparison.difference.test}, {p_value(comparison.p, 'p')}{corrected}"


def _seeds(comparison: Comparison) -> str:
    """Return the number of seeds of each study in words."""
    n, m = comparison.n
    count = f"{n}" if n == m else f"{n} and {m}"
    return f"{count} {'seed' if n == m == 1 else 'seeds'}"
