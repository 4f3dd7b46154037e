"""The assessment of studies by one metric: the result of each, which differ, and which are shown to be better."""

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
"""The largest number of studies of which every pair is compared; of more, each is compared with the best alone."""


@dataclass(frozen=True)
class Assessed:
    """One study of an assessment."""

    result: StudyResult
    sample: Sample
    """The study's values, under its label."""
    description: Description | None
    """None if every seed failed."""


@dataclass(frozen=True)
class Assessment:
    """Studies and their comparisons."""

    metric: str
    measure: Measure
    rules: Rules
    studies: tuple[Assessed, ...]
    comparisons: tuple[Comparison, ...]
    best: str | None
    """The label of the study that the others were compared with; None if every pair was compared."""
    notes: tuple[str, ...]

    def worse_than(self, label: str) -> tuple[str, ...]:
        """Return the labels of the studies that this study is shown to be better than."""
        return tuple(pair.second if pair.first == label else pair.first for pair in self.comparisons if pair.better == label)

    @property
    def winner(self) -> str | None:
        """The label of the study that is shown to be better than every other that has a value; None if there is none."""
        labels = [study.sample.name for study in self.studies if study.description]
        others = len(labels) - 1
        return next((label for label in labels if others and len(self.worse_than(label)) == others), None)


def assess(results: Sequence[StudyResult], rng: np.random.Generator, metric: str | None = None, rules: Rules = USUAL) -> Assessment:
    """Describe every study and compare them by a metric after the last epoch, by default the headline of their task.

    A study whose seeds all failed is an error if incomplete studies are refused; otherwise a note names it, and it is not compared.

    Raises:
        ConfigError: not all studies have the metric, or it is not the same quantity for all.
        SampleError: the rules do not allow comparing them; every seed of every study failed.
    """
    labels = study_labels(results)
    name = common_metric(labels, results, metric)
    measure = results[0].measure(name)
    all_samples = samples(labels, results, name)
    usable = [sample for sample in all_samples if sample.seeds]
    for sample in all_samples:
        if rules.incomplete == "refuse" or not usable:
            sample.require_some()
    failed = [sample.name for sample in all_samples if not sample.seeds]
    many = len(usable) > EACH_WITH_EACH
    comparisons = _compare(usable, measure, rules, many) if len(usable) > 1 else []
    described = {sample.name: describe(sample, rng, measure, level=rules.level) for sample in usable}
    return Assessment(
        metric=name,
        measure=measure,
        rules=rules,
        studies=tuple(Assessed(r, s, described.get(s.name)) for r, s in zip(results, all_samples, strict=True)),
        comparisons=tuple(comparisons),
        best=comparisons[0].first if many else None,
        notes=tuple(f"every seed of {label!r} failed: it is compared with nothing" for label in failed),
    )


def _compare(usable: Sequence[Sample], measure: Measure, rules: Rules, many: bool) -> list[Comparison]:
    return compare_with_best(usable, measure, rules) if many else compare(usable, measure, rules)
