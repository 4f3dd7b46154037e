"""The answer at the top of a report: which study is best, its final value, and which studies it is shown to be better than."""

from __future__ import annotations

from collections.abc import Iterator

from regnet.report.assessment import Assessment, Judgement
from regnet.report.launch_info import Material
from regnet.report.ranking import best_studies
from regnet.report.tables.format import interval
from regnet.stats.comparison import best
from regnet.stats.wording import listed
from regnet.study.final import final_summary
from regnet.study.result import StudyResult

NAMED = 4
"""The most studies that a sentence names."""


def answer(material: Material, metric: str, judgement: Judgement) -> Iterator[str]:
    """Yield two sentences for each data set whose studies were compared; if none were, the best mean."""
    compared = judgement.assessments
    first_result = material.results[0]
    title, measure = first_result.describe_metric(metric), first_result.measure(metric)
    superlative = measure.superlative.capitalize()
    for data, assessment in compared:
        prefix = f"On {data}: " if len(compared) > 1 else ""
        leader = best([study.sample for study in assessment.studies if study.description], assessment.measure).name
        (result,) = (study.result for study in assessment.studies if study.sample.name == leader)
        yield f"{prefix}{superlative} mean {title}: {_number(result, metric)}, by {leader!r}."
        yield prefix + _shown(assessment, leader)
    if not compared:
        (first,) = best_studies(material.results, metric, most=1)
        number, name = _number(material.results[first], metric), material.names[first]
        if len(material.results) == 1:
            yield f"Mean {title}: {number}."
        else:
            yield f"{superlative} mean {title}: {number}, by {name!r}; nothing could be compared."


def _number(result: StudyResult, metric: str) -> str:
    summary = final_summary(result, metric)
    if summary is None:
        return "every seed failed"
    measure = result.measure(metric)
    if summary.n == 1:
        return f"{measure.show(summary.mean)} (one seed: no interval)"
    around = interval(measure, summary.low, summary.high).strip("[]").replace(", ", " to ")
    return f"{measure.show(summary.mean)} (95 % interval {around}, from {summary.n} seeds)"


def _shown(assessment: Assessment, leader: str) -> str:
    pairs = [pair for pair in assessment.comparisons if leader in (pair.first, pair.second)]
    compared = [pair.second if pair.first == leader else pair.first for pair in pairs]
    beaten = assessment.worse_than(leader)
    unclear = [name for name in compared if name not in beaten]
    if not unclear:
        return f"{leader!r} is shown to be better than {'each of the others' if len(compared) > 1 else repr(compared[0])}."
    if not beaten:
        return f"No difference between {leader!r} and {listed(unclear, NAMED)} is shown."
    shown = f"{leader!r} is shown to be better than {len(beaten)} of the {len(compared)} others"
    return f"{shown}; no difference from {listed(unclear, NAMED)} is shown."
