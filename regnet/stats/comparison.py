"""The comparison of studies, each with each: how much they differ, how surely, and what may have been missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from regnet.stats.difference import Difference, difference
from regnet.stats.effect_size import hedges_g
from regnet.stats.holm import holm
from regnet.stats.improvement import probability_below
from regnet.stats.interval import Estimate
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.pairing import match
from regnet.stats.power import Power, power
from regnet.stats.rules import USUAL, Rules
from regnet.stats.sample import Sample, SampleError

BEYOND = "the difference's interval reaches beyond what two values of the metric can differ by, and is cut there"


@dataclass(frozen=True)
class Comparison:
    """One study against another, by one metric."""

    first: str
    second: str
    n: tuple[int, int]
    """How many values of either were compared; of the same seeds where paired."""
    paired: bool
    rules: Rules
    difference: Difference
    """First minus second."""
    effect: Estimate | None
    """The difference in standard deviations, Hedges' g; None where the spread is 0 or not known."""
    improvement: Estimate
    """The probability that the first is better: on the same seed where paired, else of any two runs."""
    notes: tuple[str, ...]
    """What a reader must know beside the numbers: what became of missing seeds, which interval was cut."""
    family: int = 1
    """How many comparisons with a test were made together."""
    p: float | None = None
    """The difference's p, corrected for all of them; None where there is no test."""
    better: str | None = None
    """The study that is shown to be better; None where neither is."""
    power: Power | None = None
    """What could have been found, at the strictest level that the correction may ask for; None where there is no test."""


def compare(samples: Sequence[Sample], measure: Measure = UNBOUNDED, rules: Rules = USUAL) -> list[Comparison]:
    """Compares every sample with every later one, all of one metric, and corrects for having made so many comparisons.

    Raises:
        SampleError: there are not two samples, or two are called the same; all seeds of one failed; two cannot be compared by the
            rules.
    """
    names = [sample.name for sample in samples]
    if len(names) < 2 or len(set(names)) < len(names):
        raise SampleError(f"a comparison takes at least two studies, each with a name of its own; got {', '.join(names) or 'none'}")
    alone = [_compare(first, second, measure, rules) for first, second in combinations(samples, 2)]
    corrected = holm([comparison.difference.p for comparison in alone])
    family = sum(p is not None for p in corrected)
    return [_judge(replace(one, p=p, family=family), measure) for one, p in zip(alone, corrected, strict=True)]


def _compare(first: Sample, second: Sample, measure: Measure, rules: Rules) -> Comparison:
    matched = match(first, second, measure, rules)
    whole = difference(matched, rules.test, level=rules.level)
    seen = whole.cut(measure.width)
    sides = matched if measure.smaller_is_better else replace(matched, first=matched.second, second=matched.first)
    return Comparison(
        first=first.name,
        second=second.name,
        n=matched.sizes,
        paired=matched.paired,
        rules=rules,
        difference=seen,
        effect=hedges_g(matched, level=rules.level),
        improvement=probability_below(sides, level=rules.level),
        notes=matched.notes if seen == whole else (*matched.notes, BEYOND),
    )


def _judge(one: Comparison, measure: Measure) -> Comparison:
    """The comparison as one of its family."""
    if one.p is None:
        return one
    return replace(
        one,
        better=_leader(one, measure) if one.p < one.rules.alpha else None,
        power=power(one.difference, min(one.n), one.rules.alpha / one.family),
    )


def _leader(one: Comparison, measure: Measure) -> str:
    """The study that the test speaks for, if it speaks for any."""
    return one.first if (one.difference.leaning < 0) == measure.smaller_is_better else one.second
