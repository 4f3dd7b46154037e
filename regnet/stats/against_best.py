"""Comparisons with the best of many: each with each would be too many to read, and choosing the best has its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import comb

from regnet.stats.comparison import Comparison, compare
from regnet.stats.holm import holm
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.power import power
from regnet.stats.rules import USUAL, Rules
from regnet.stats.sample import Sample


def best(samples: Sequence[Sample], measure: Measure) -> Sample:
    """The sample with the best mean; one with a single value only where all are such."""
    several = [sample for sample in samples if len(sample.seeds) > 1] or samples
    return (min if measure.smaller_is_better else max)(several, key=lambda sample: sum(sample.values) / len(sample.values))


def compare_with_best(samples: Sequence[Sample], measure: Measure = UNBOUNDED, rules: Rules = USUAL) -> list[Comparison]:
    """Compares the best sample with every other.

    Which is the best was seen from the values, so that a lucky one is likely to be it: as many comparisons are corrected for as if
    each had been compared with each, by Holm's procedure with 1 for the p of those that were not made, which is on the safe side.

    Raises:
        SampleError: as `compare`.
    """
    first = best(samples, measure)
    alone = [compare([first, other], measure, rules)[0] for other in samples if other is not first]
    tested = [one.p for one in alone if one.p is not None]
    unseen = [1.0] * (comb(len(samples), 2) - len(alone)) if tested else []
    corrected = holm([*(one.p for one in alone), *unseen])
    return [_corrected(one, p, len(tested) + len(unseen)) for one, p in zip(alone, corrected, strict=False)]


def _corrected(one: Comparison, p: float | None, family: int) -> Comparison:
    """The comparison as one of so many."""
    if p is None:
        return one
    alpha = one.rules.alpha
    better = one.better if p < alpha else None
    return replace(one, p=p, family=family, better=better, power=power(one.difference, min(one.n), alpha / family))
