"""The verdict: what a comparison comes to, in a plain sentence."""

from __future__ import annotations

from regnet.stats.comparison import Comparison
from regnet.stats.difference import NAMES
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.power import MOST_SEEDS, Power
from regnet.stats.wording import p_value


def verdict(one: Comparison, measure: Measure = UNBOUNDED) -> str:
    """Which of the two is better and by how much; or that neither is shown to be, and what difference would have been seen."""
    if min(one.n) < 2:
        return f"nothing is shown: {_seeds(one)}, and a single one cannot tell a difference from chance"
    if one.better:
        return _shown(one, one.better, measure)
    return _without_spread(one, measure) if one.power is None else _not_shown(one, one.power, measure)


def _shown(one: Comparison, better: str, measure: Measure) -> str:
    other, share = (one.second, one.improvement.value) if better == one.first else (one.first, 1 - one.improvement.value)
    often = f"on {100 * share:.0f} % of the seeds" if one.paired else f"in {100 * share:.0f} % of all pairs of runs"
    if one.rules.test == "rank":
        return f"{better!r} tends to be better than {other!r}: it is {often} ({_evidence(one)})"
    return f"{better!r} is better than {other!r} by {_size(one, measure)}, and {often} ({_evidence(one)})"


def _size(one: Comparison, measure: Measure) -> str:
    means = one.difference.means
    if means.interval is None:
        return measure.gap(means.value)
    low, high = sorted((abs(means.interval.low), abs(means.interval.high)))
    return f"{measure.gap(means.value)} ({100 * one.rules.level:g} % interval {measure.gap(low, high)})"


def _not_shown(one: Comparison, power: Power, measure: Measure) -> str:
    missed = measure.gap(min(power.missed, measure.width))
    found = f"one of {measure.gap(power.found)}" if power.found <= measure.width else "none that there can be is"
    return (
        f"no difference shown ({_evidence(one)}): with {_seeds(one)} a gap under {missed} would be missed 4 times in 5, "
        f"and {found} found 4 times in 5{_needed(one, power, measure)}"
    )


def _needed(one: Comparison, power: Power, measure: Measure) -> str:
    gap = one.difference.means.value
    if gap == 0:
        return ""
    enough = f"about {power.needed}" if power.needed else f"more than {MOST_SEEDS}"
    return f"; to find one of {measure.gap(gap)}, as seen here, takes {enough} seeds of each"


def _without_spread(one: Comparison, measure: Measure) -> str:
    gap = one.difference.means.value
    if gap == 0:
        return f"no difference: the same values with {_seeds(one)}"
    return f"no test can judge it: exactly {measure.gap(gap)} apart with {_seeds(one)}, without any spread"


def _evidence(one: Comparison) -> str:
    assert one.p is not None
    corrected = f" after Holm's correction over {one.family} comparisons" if one.family > 1 else ""
    return f"{NAMES[one.rules.test, one.paired]}, {p_value(one.p, 'p')}{corrected}"


def _seeds(one: Comparison) -> str:
    """On how many seeds it rests."""
    n, m = one.n
    count = f"{n}" if n == m else f"{n} and {m}"
    return f"{count} {'seed' if n == m == 1 else 'seeds'}"
