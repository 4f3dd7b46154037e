"""The verdict: the result of a comparison in a plain sentence."""

from __future__ import annotations

from math import isnan

from regnet.stats.comparison import Comparison
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.power import Power
from regnet.stats.wording import p_value

MATTERS = 0.75
"""The probability of being better from which on a difference matters: Bouthillier et al., "Accounting for variance in machine
learning benchmarks", MLSys 2021."""


def verdict(comparison: Comparison, measure: Measure = UNBOUNDED) -> str:
    """Say which study is better and by how much; or that neither is shown to be, and which difference would have been found."""
    if comparison.p is None and not isnan(comparison.difference.standard_error):
        return _without_spread(comparison, measure)
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
    seldom = f"; with P < {MATTERS:g} it seldom matters which of the two is run once" if _seldom_matters(comparison, first) else ""
    return f"{better!r} is better than {worse!r} by {_size(comparison, measure)}, and {often} ({_evidence(comparison)}){seldom}"


def _seldom_matters(comparison: Comparison, first: bool) -> bool:
    """Return whether the better study is better on too few runs to matter, by the whole interval."""
    interval = comparison.improvement.interval
    return interval is not None and (interval.high if first else 1 - interval.low) < MATTERS


def practical(comparison: Comparison, measure: Measure) -> str:
    """Return in words how probable a difference is that matters; empty without a region of practical equivalence."""
    found = comparison.equivalence
    if found is None:
        return ""
    sides = (comparison.first, comparison.second) if measure.smaller_is_better else (comparison.second, comparison.first)
    equal = "practically equal" if found.within >= comparison.rules.level else "not decided"
    for side, probability in zip(sides, (found.below, found.above), strict=True):
        equal = f"{side!r} is better by more than that" if probability >= comparison.rules.level else equal
    return (
        f"with a region of practical equivalence of ± {measure.gap(found.rope)}: {equal} (probabilities: equal {found.within:.2f}, "
        f"{sides[0]!r} better {found.below:.2f}, {sides[1]!r} better {found.above:.2f})"
    )


def _size(comparison: Comparison, measure: Measure) -> str:
    means = comparison.difference.means
    if means.interval is None:
        return measure.gap(means.value)
    low, high = sorted((abs(means.interval.low), abs(means.interval.high)))
    return f"{measure.gap(means.value)} ({100 * comparison.rules.level:.4g} % interval {measure.gap(low, high)})"


def _not_shown(comparison: Comparison, power: Power, measure: Measure) -> str:
    if power.fewest:
        level = f"{comparison.rules.alpha / comparison.family:.2g}"
        return (
            f"no difference shown ({_evidence(comparison)}): with {_seeds(comparison)} this test cannot give p < {level}, "
            f"whatever the values; it takes at least {power.fewest} seeds of each"
        )
    if power.far:
        return (
            f"no difference shown ({_evidence(comparison)}): which gaps {_seeds(comparison)} would find is not known, since it "
            f"depends on how rare runs far from the rest are ({power.far} here)"
        )
    missed = measure.gap(min(power.missed, measure.width))
    found = f"one of {measure.gap(power.found)}" if power.found <= measure.width else "none that there can be is"
    return (
        f"no difference shown ({_evidence(comparison)}): with {_seeds(comparison)} a gap under {missed} would be missed "
        f"4 times in 5, and {found} found 4 times in 5, if other seeds vary as these do"
    )


def _without_spread(comparison: Comparison, measure: Measure) -> str:
    gap = comparison.difference.means.value
    if gap == 0 or comparison.p is None:
        if gap == 0:
            return f"no difference: the same values with {_seeds(comparison)}"
        return (
            f"no difference shown: exactly {measure.gap(gap)} apart with {_seeds(comparison)}, which share examples, so that "
            "without any spread no test can judge it"
        )
    apart = f"exactly {measure.gap(gap)} apart with {_seeds(comparison)}, without any spread"
    return f"no difference shown ({_evidence(comparison)}): {apart}"


def _evidence(comparison: Comparison) -> str:
    assert comparison.p is not None
    corrected = f" after Holm's correction over {comparison.family} comparisons" if comparison.family > 1 else ""
    about = "; about this one data set alone" if comparison.fixed else ""
    return f"{comparison.difference.test}, {p_value(comparison.p, 'p', comparison.rules.alpha)}{corrected}{about}"


def _seeds(comparison: Comparison) -> str:
    """Return the number of seeds of each study in words."""
    n, m = comparison.n
    count = f"{n}" if n == m else f"{n} and {m}"
    return f"{count} {'seed' if n == m == 1 else 'seeds'}"
