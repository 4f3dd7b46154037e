"""The answer that a report begins with: which study ended best, how well, and what it is shown to be better than."""

from __future__ import annotations

from collections.abc import Iterator

from regnet.report.assessment import Assessment
from regnet.report.judgement import Judgement
from regnet.report.launch_info import Material
from regnet.report.ranking import best_studies
from regnet.report.tables.format import interval
from regnet.report.tables.results import final_summary
from regnet.stats.against_best import best
from regnet.stats.wording import listed
from regnet.study.result import StudyResult

NAMED = 4
"""Studies that a sentence names."""


def answer(material: Material, metric: str, judgement: Judgement) -> Iterator[str]:
    """A sentence or two for the studies of each data set that were compared; where none were, the lowest mean."""
    compared = judgement.assessments
    first_result = material.results[0]
    what, measure = first_result.describe_metric(metric), first_result.measure(metric)
    superlative = measure.superlative.capitalize()
    for data, one in compared:
        where = f"On {data}: " if len(compared) > 1 else ""
        leader = best([study.sample for study in one.studies if study.description], one.measure).name
        (result,) = (study.result for study in one.studies if study.sample.name == leader)
        yield f"{where}{superlative} mean {what}: {_number(result, metric)}, by {leader!r}."
        yield where + _shown(one, leader)
    if not compared:
        (first,) = best_studies(material.results, metric, most=1)
        number, name = _number(material.results[first], metric), material.names[first]
        if len(material.results) == 1:
            yield f"Mean {what}: {number}."
        else:
            yield f"{superlative} mean {what}: {number}, by {name!r}; nothing could be compared."


def _number(result: StudyResult, metric: str) -> str:
    summary = final_summary(result, metric)
    if summary is None:
        return "every seed failed"
    measure = result.measure(metric)
    if summary.n == 1:
        return f"{measure.show(summary.mean)} (one seed: no interval)"
    around = interval(measure, summary.low, summary.high).strip("[]").replace(", ", " to ")
    return f"{measure.show(summary.mean)} (95 % interval {around}, from {summary.n} seeds)"


def _shown(one: Assessment, leader: str) -> str:
    met = [pair.second if pair.first == leader else pair.first for pair in one.comparisons if leader in (pair.first, pair.second)]
    beaten = one.worse_than(leader)
    left = [name for name in met if name not in beaten]
    if not left:
        return f"{leader!r} is shown to be better than {'each of the others' if len(met) > 1 else repr(met[0])}."
    if not beaten:
        return f"No difference between {leader!r} and {listed(left, NAMED)} is shown."
    shown = f"{leader!r} is shown to be better than {len(beaten)} of the {len(met)} others"
    return f"{shown}; no difference from {listed(left, NAMED)} is shown."
