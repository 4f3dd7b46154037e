"""The assessment of studies by one metric: what each came to, which differ, and which may be called better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regnet.report.samples import common_metric, samples
from regnet.stats import Comparison, Description, Measure, Rules, Sample, compare, compare_with_best, describe
from regnet.stats.rules import USUAL
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

EACH_WITH_EACH = 6
"""Up to so many studies are compared each with each; more, with the best of them alone."""


@dataclass(frozen=True)
class Assessed:
    """One study."""

    result: StudyResult
    sample: Sample
    """By its label."""
    description: Description | None
    """None where every seed failed."""


@dataclass(frozen=True)
class Assessment:
    """Studies, and what can be said of them."""

    metric: str
    measure: Measure
    rules: Rules
    studies: tuple[Assessed, ...]
    comparisons: tuple[Comparison, ...]
    best: str | None
    """The label of the study that the others were compared with, where not each was with each."""
    notes: tuple[str, ...]

    def worse_than(self, label: str) -> tuple[str, ...]:
        """The labels of the studies that this one is shown to be better than."""
        return tuple(one.second if one.first == label else one.first for one in self.comparisons if one.better == label)

    @property
    def winner(self) -> str | None:
        """The label of the study that is shown to be better than every other that has a value; None where no test supports one."""
        labels = [one.sample.name for one in self.studies if one.description]
        others = len(labels) - 1
        return next((label for label in labels if others and len(self.worse_than(label)) == others), None)


def assess(results: Sequence[StudyResult], rng: np.random.Generator, metric: str | None = None, rules: Rules = USUAL) -> Assessment:
    """Describes every study and compares them by a metric after the last epoch, by default the one that their task is judged by.

    A study of which every seed failed is refused or, if incomplete ones are not, told of and not compared.

    Raises:
        ConfigError: the studies have no such metric in common, or it is not the same quantity for all.
        SampleError: they cannot be compared by the rules; every seed of every study failed.
    """
    labels = study_labels(results)
    name = common_metric(labels, results, metric)
    measure = results[0].measure(name)
    every = samples(labels, results, name)
    for sample in every:
        if rules.incomplete == "refuse" or not any(one.seeds for one in every):
            sample.require_some()
    sound = [sample for sample in every if sample.seeds]
    lost = [sample.name for sample in every if not sample.seeds]
    many = len(sound) > EACH_WITH_EACH
    made = _compared(sound, measure, rules, many) if len(sound) > 1 else []
    described = {one.name: describe(one, rng, measure, level=rules.level) for one in sound}
    return Assessment(
        metric=name,
        measure=measure,
        rules=rules,
        studies=tuple(Assessed(one, its, described.get(its.name)) for one, its in zip(results, every, strict=True)),
        comparisons=tuple(made),
        best=made[0].first if many else None,
        notes=tuple(f"every seed of {label!r} failed: it is compared with nothing" for label in lost),
    )


def _compared(sound: Sequence[Sample], measure: Measure, rules: Rules, many: bool) -> list[Comparison]:
    return compare_with_best(sound, measure, rules) if many else compare(sound, measure, rules)
