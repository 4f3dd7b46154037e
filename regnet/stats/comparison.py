"""Comparisons of studies, every pair or each with the best: the difference, its uncertainty, and what could have been missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, isnan

from scipy.special import stdtrit

from regnet.stats.difference import Difference, difference
from regnet.stats.effect_size import hedges_g
from regnet.stats.equivalence import Equivalence, equivalence
from regnet.stats.holm import holm
from regnet.stats.improvement import probability_below
from regnet.stats.interval import Estimate, Interval
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.pairing import Matched, match
from regnet.stats.power import Power, power
from regnet.stats.rules import USUAL, Rules
from regnet.stats.sample import Sample, SampleError
from regnet.stats.wording import listed

BEYOND = "the difference's interval reaches beyond what two values of the metric can differ by, and is cut there"


@dataclass(frozen=True)
class Comparison:
    """Two studies compared by one metric."""

    first: str
    second: str
    n: tuple[int, int]
    """The number of values of each study; of the same seeds if paired."""
    paired: bool
    rules: Rules
    fixed: bool
    """Whether all runs have the same examples, so that nothing is said about others."""
    difference: Difference
    """First minus second. The interval is simultaneous: all intervals of the family cover with the probability of the level. One
    whose test shows a difference after Holm's correction does not contain 0."""
    alone: Interval | None
    """The interval of the difference for itself, not corrected for other comparisons."""
    effect: Estimate | None
    """The difference in standard deviations, Hedges' g; None if the spread is 0 or not known."""
    improvement: Estimate
    """The probability that the first is better: on the same seed if paired, else for any two runs."""
    notes: tuple[str, ...]
    """What the numbers leave out: how missing seeds were treated, and whether an interval was cut."""
    family: int = 1
    """The number of tested comparisons in the family."""
    p: float | None = None
    """The p of the difference, corrected for the whole family; None if there is no test."""
    better: str | None = None
    """The study that is shown to be better; None if neither is."""
    equivalence: Equivalence | None = None
    """How probable a difference is that matters; None without a region of practical equivalence."""
    power: Power | None = None
    """The power of the test at the strictest level that the correction can require; None without a spread."""


def compare(samples: Sequence[Sample], measure: Measure = UNBOUNDED, rules: Rules = USUAL) -> list[Comparison]:
    """Compare every sample with every later one, all of one metric, and correct for the number of comparisons.

    Raises:
        SampleError: there are fewer than two samples, or two have the same name; all seeds of a sample failed; the rules do not
            allow comparing two of them.
    """
    _check_names(samples)
    return _correct([_compare(first, second, measure, rules) for first, second in combinations(samples, 2)], measure)


def compare_with_best(samples: Sequence[Sample], measure: Measure = UNBOUNDED, rules: Rules = USUAL) -> list[Comparison]:
    """Compare the best sample with every other, for studies that are too many to compare every pair.

    The best sample is chosen by the same values, which favors samples that are good by chance. P values are therefore corrected as
    if every pair had been compared, by Holm's procedure with p = 1 for each comparison that was not made, which is conservative.

    Raises:
        SampleError: as `compare`.
    """
    _check_names(samples)
    first = best(samples, measure)
    pairs = [_compare(first, sample, measure, rules) for sample in samples if sample is not first]
    return _correct(pairs, measure, not_made=comb(len(samples), 2) - len(pairs))


def compare_with_baseline(
    samples: Sequence[Sample], baseline: str, measure: Measure = UNBOUNDED, rules: Rules = USUAL
) -> list[Comparison]:
    """Compare the sample of a name with every other; correct for that number of comparisons.

    Raises:
        SampleError: as `compare`, or no sample has the name.
    """
    _check_names(samples)
    first = next((sample for sample in samples if sample.name == baseline), None)
    if first is None:
        raise SampleError(f"there is no study {baseline!r} to compare with: {listed(sample.name for sample in samples)} are there")
    return _correct([_compare(first, sample, measure, rules) for sample in samples if sample is not first], measure)


def best(samples: Sequence[Sample], measure: Measure) -> Sample:
    """Return the sample with the best mean; samples of a single value count only if all samples are such."""
    several = [sample for sample in samples if len(sample.seeds) > 1] or samples
    return (min if measure.smaller_is_better else max)(several, key=lambda sample: sum(sample.values) / len(sample.values))


def _check_names(samples: Sequence[Sample]) -> None:
    names = [sample.name for sample in samples]
    if len(names) < 2 or len(set(names)) < len(names):
        raise SampleError(f"a comparison takes at least two studies, each with a name of its own; got {', '.join(names) or 'none'}")


def _compare(first: Sample, second: Sample, measure: Measure, rules: Rules) -> tuple[Comparison, Matched]:
    """Return the comparison, before any correction, and the values that it compares."""
    matched = match(first, second, measure, rules)
    whole = difference(matched, rules.test, level=rules.level)
    seen = whole.cut(measure.width)
    sides = matched if measure.smaller_is_better else replace(matched, first=matched.second, second=matched.first)
    pair = Comparison(
        first=first.name,
        second=second.name,
        n=matched.sizes,
        paired=matched.paired,
        rules=rules,
        fixed=first.fixed and second.fixed,
        difference=seen,
        alone=seen.means.interval,
        effect=hedges_g(matched, level=rules.level),
        improvement=probability_below(sides, level=rules.level),
        equivalence=None if rules.rope is None or isnan(whole.standard_error) else equivalence(whole, rules.rope / measure.scale),
        notes=matched.notes if seen == whole else (*matched.notes, BEYOND),
    )
    return pair, matched


def _correct(compared: Sequence[tuple[Comparison, Matched]], measure: Measure, not_made: int = 0) -> list[Comparison]:
    """Return the comparisons with corrected p, the better study if there is one, and power; those not made count with p = 1."""
    tested = sum(pair.difference.p is not None for pair, _ in compared)
    unmade = [1.0] * not_made if tested else []
    corrected = holm([*(pair.difference.p for pair, _ in compared), *unmade])
    return [
        _judge(replace(pair, p=p, family=tested + len(unmade)), matched, measure)
        for (pair, matched), p in zip(compared, corrected, strict=False)
    ]


def _judge(pair: Comparison, matched: Matched, measure: Measure) -> Comparison:
    """Return the comparison with the better study, if the corrected p shows one, and the power of its test."""
    if pair.p is None:
        return replace(pair, difference=_simultaneous(pair, measure, shown=False))
    shown = pair.p < pair.rules.alpha
    return replace(
        pair,
        difference=_simultaneous(pair, measure, shown=shown),
        better=_leader(pair, measure) if shown else None,
        power=power(matched, pair.rules.test, pair.rules.alpha / pair.family) if pair.difference.varies else None,
    )


def _simultaneous(pair: Comparison, measure: Measure, *, shown: bool) -> Difference:
    """Return the difference with the interval at Bonferroni's level, cut at 0 if the test of the means shows a difference.

    Source: Strassburger and Bretz, "Compatible simultaneous lower confidence bounds for the Holm procedure and other
    Bonferroni-based closed tests", Stat. Med. 27 (2008).
    """
    found = pair.difference
    if pair.family < 2 or not found.varies:
        return found
    reach = float(stdtrit(found.freedom, 1 - pair.rules.alpha / pair.family / 2)) * found.standard_error
    mean = found.means.value
    low, high = mean - reach, mean + reach
    if shown and pair.rules.test == "mean":
        low, high = (max(low, 0.0), high) if mean > 0 else (low, min(high, 0.0))
    return replace(found, means=Estimate(mean, Interval(low, high, pair.rules.level))).cut(measure.width)


def _leader(pair: Comparison, measure: Measure) -> str:
    """Return the study that the test favors."""
    return pair.first if (pair.difference.leaning < 0) == measure.smaller_is_better else pair.second
