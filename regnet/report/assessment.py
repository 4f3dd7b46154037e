"""The assessment of studies by one metric: the result of each, which differ, and which are shown to be better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regnet.report.samples import common_metric, samples
from regnet.stats import Comparison, Description, Measure, Rules, Sample, SampleError, compare, compare_with_best, describe
from regnet.stats.rules import USUAL
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

EACH_WITH_EACH = 6
"""The largest number of studies of which every pair is compared; of more, each is compared with the best alone."""
RESAMPLING = 0
"""The seed of the bootstrap's resamples, so that the same runs give the same numbers."""
FAILED = "is not compared, since some of its seeds failed: {}; `regnet compare --incomplete drop`, or `worst`, takes it in"


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


@dataclass(frozen=True)
class Judgement:
    """The assessments of a launch's studies, one for each data set, and the studies that were not compared."""

    assessments: tuple[tuple[str, Assessment], ...]
    """For each data set that several studies were measured on, its name with its options, and their assessment."""
    notes: tuple[str, ...]
    """Which studies were not compared, and why."""


def assess(results: Sequence[StudyResult], metric: str | None = None, rules: Rules = USUAL) -> Assessment:
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
    rng = np.random.default_rng(RESAMPLING)
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


def judge(labels: Sequence[str], results: Sequence[StudyResult], metric: str) -> Judgement:
    """Compare the studies by a metric that all of them have."""
    all_samples = samples(labels, results, metric)
    notes = [f"{sample.name!r} {FAILED.format(_failures(sample))}" for sample in all_samples if sample.lacking]
    groups: dict[str, list[int]] = {}
    for index, sample in enumerate(all_samples):
        if not sample.lacking:
            groups.setdefault(sample.data, []).append(index)
    found = []
    for data, indices in groups.items():
        if len(indices) > 1:
            try:
                found.append((data, assess([results[index] for index in indices], metric)))
            except SampleError as error:
                notes.append(str(error))
        elif len(all_samples) > 1:
            notes.append(f"{all_samples[indices[0]].name!r} is not compared: no other complete study was measured on {data}")
    return Judgement(tuple(found), tuple(notes))


def _compare(usable: Sequence[Sample], measure: Measure, rules: Rules, many: bool) -> list[Comparison]:
    return compare_with_best(usable, measure, rules) if many else compare(usable, measure, rules)


def _failures(sample: Sample) -> str:
    seed, reason = next(iter(sample.lacking.items()))
    more = f" (and {len(sample.lacking) - 1} more)" if len(sample.lacking) > 1 else ""
    return f"seed {seed} {reason}{more}"
