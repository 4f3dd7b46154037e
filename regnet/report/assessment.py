"""The assessment of studies by one metric: the result of each, which differ, and which are shown to be better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regnet.errors import ConfigError, one_of
from regnet.launch_folder.looks import count_looks
from regnet.report.samples import common_metric, samples
from regnet.stats import (
    Comparison,
    Description,
    Measure,
    Rules,
    Sample,
    SampleError,
    compare,
    compare_with_baseline,
    compare_with_best,
    describe,
)
from regnet.stats.rules import USUAL
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

EACH_WITH_EACH = 6
"""The largest number of studies of which every pair is compared; of more, each is compared with the best alone."""
MOST_NOTES = 3
"""The most studies that an error names."""
RESAMPLING = 0
"""The seed of the bootstrap's resamples, so that the same runs give the same numbers."""
FAILED = "is not compared, since seeds are missing: {}; `regnet compare --incomplete drop`, or `worst`, compares it"
LOOKED = (
    "seeds=auto chose the number of seeds by the values: differences are tested at {}, so that all looks together err in at most 5 "
    "of 100; the launch's own table shares that error between its looks, and may show more"
)


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
    """The label of the study that the others were compared with as the best; None if every pair was compared."""
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

    If incomplete studies are refused, those with a seed that failed or is unfinished are described and not compared: a note names
    them. The baseline may be given by its label, name or identity.

    Raises:
        ConfigError: not all studies have the metric, or it is not the same quantity for all; no study is the baseline.
        SampleError: the rules do not allow comparing them; fewer than two studies are left to compare.
    """
    labels = study_labels(results)
    name = common_metric(labels, results, metric)
    measure = results[0].measure(name)
    if rules.baseline is not None:
        rules = replace(rules, baseline=_baseline(rules.baseline, labels, results))
    all_samples = samples(labels, results, name)
    if rules.incomplete == "worst":
        all_samples = [sample.with_worst(measure.worst) for sample in all_samples]
    looks = _looks(results)
    if looks:
        rules = replace(rules, level=1 - rules.alpha / (looks * (looks + 1)))
    compared, notes = _comparable(all_samples, rules)
    if looks:
        notes.append(LOOKED.format(f"{rules.alpha:.2g}"))
    comparisons = compare_samples(compared, measure, rules) if len(compared) > 1 else []
    rng = np.random.default_rng(RESAMPLING)
    described = {sample.name: describe(sample, rng, measure, level=rules.level) for sample in all_samples if sample.seeds}
    return Assessment(
        metric=name,
        measure=measure,
        rules=rules,
        studies=tuple(Assessed(r, s, described.get(s.name)) for r, s in zip(results, all_samples, strict=True)),
        comparisons=tuple(comparisons),
        best=comparisons[0].first if rules.baseline is None and len(compared) > EACH_WITH_EACH else None,
        notes=tuple(notes),
    )


def _looks(results: Sequence[StudyResult]) -> int:
    """Return the number of looks at the values by which ``seeds=auto`` chose the number of seeds; 0 if it did not.

    The share ``1 / (k (k + 1))`` of the error at the k-th look is enough however many looks there would have been.
    """
    return max((count_looks(len(result.seeds)) for result in results if result.sequential), default=0)


def _comparable(all_samples: Sequence[Sample], rules: Rules) -> tuple[list[Sample], list[str]]:
    """Return the samples that can be compared, and a note for each of the others.

    Raises:
        SampleError: there are several samples, and fewer than two can be compared; there is one, and it has no values.
    """
    if rules.incomplete == "refuse":
        left_out = {each.name: FAILED.format(_failures(each)) for each in all_samples if each.failures or each.unfinished}
    else:
        left_out = {each.name: f"has no value: {_failures(each)}" for each in all_samples if not each.seeds}
    notes = [f"{name!r} {why}" for name, why in left_out.items()]
    compared = [sample for sample in all_samples if sample.name not in left_out]
    if len(all_samples) == 1:
        all_samples[0].require_some()
    if notes and len(compared) < 2 <= len(all_samples):
        raise SampleError("; ".join(notes[:MOST_NOTES]) + (f"; and {len(notes) - MOST_NOTES} more" * (len(notes) > MOST_NOTES)))
    return compared, notes


def _baseline(name: str, labels: Sequence[str], results: Sequence[StudyResult]) -> str:
    """Return the label of the only study with a label, name or identity.

    Raises:
        ConfigError: no study has it, or several have.
    """
    for names in (labels, [result.name for result in results], [result.identity for result in results]):
        found = [label for label, own in zip(labels, names, strict=True) if own == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigError(f"--baseline {name!r} is the name of {len(found)} studies: give a label, {one_of(name, found)}")
    raise ConfigError(f"--baseline: no study is called {name!r}: {one_of(name, labels)}")


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


def compare_samples(compared: Sequence[Sample], measure: Measure, rules: Rules) -> list[Comparison]:
    """Compare every pair; of more than `EACH_WITH_EACH` samples each with the best; or each with the baseline, if there is one."""
    if rules.baseline is not None:
        return compare_with_baseline(compared, rules.baseline, measure, rules)
    return (compare_with_best if len(compared) > EACH_WITH_EACH else compare)(compared, measure, rules)


def _failures(sample: Sample) -> str:
    seed, reason = next(iter(sample.lacking.items()))
    more = f" (and {len(sample.lacking) - 1} more)" if len(sample.lacking) > 1 else ""
    return f"seed {seed} {reason}{more}"
