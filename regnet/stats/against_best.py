"""Comparisons of the best study with every other, for launches with too many studies to compare every pair."""

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
    """Return the sample with the best mean; samples of a single value count only if all samples are such."""
    several = [sample for sample in samples if len(sample.seeds) > 1] or samples
    return (min if measure.smaller_is_better else max)(several, key=lambda sample: sum(sample.values) / len(sample.values))


def compare_with_best(samples: Sequence[Sample], measure: Measure = UNBOUNDED, rules: Rules = USUAL) -> list[Comparison]:
    """Compare the best sample with every other.

    The best sample is chosen by the same values, which favors samples that are good by chance. P values are therefore corrected as
    if every pair had been compared, by Holm's procedure with p = 1 for each comparison that was not made, which is conservative.

    Raises:
        SampleError: as `compare`.
    """
    first = best(samples, measure)
    comparisons = [compare([first, sample], measure, rules)[0] for sample in samples if sample is not first]
    tested = [comparison.p for comparison in comparisons if comparison.p is not None]
    not_made = [1.0] * (comb(len(samples), 2) - len(comparisons)) if tested else []
    corrected = holm([*(comparison.p for comparison in comparisons), *not_made])
    family = len(tested) + len(not_made)
    return [_correct(comparison, p, family) for comparison, p in zip(comparisons, corrected, strict=False)]


def _correct(comparison: Comparison, p: float | None, family: int) -> Comparison:
    """Return the comparison as one of a family of that size, with its corrected p."""
    if p is None:
        return comparison
    alpha = comparison.rules.alpha
    better = comparison.better if p < alpha else None
    found = power(comparison.difference, min(comparison.n), alpha / family)
    return replace(comparison, p=p, family=family, better=better, power=found)
