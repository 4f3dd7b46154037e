"""The answer at the top of a report: which study is best, its final value, and which studies it is shown to be better than."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regnet.report.assessment import Assessment, Judgement
from regnet.report.launch_info import Material
from regnet.report.ranking import best_studies
from regnet.report.samples import samples
from regnet.report.tables.format import NOTHING, interval
from regnet.stats import Sample
from regnet.stats.comparison import best
from regnet.stats.unusual import unusual_notes
from regnet.stats.wording import listed
from regnet.study.final import final_summary
from regnet.study.result import StudyResult

NAMED = 4
"""The most studies that a sentence names."""


def answer(material: Material, metric: str, judgement: Judgement) -> Iterator[str]:
    """Yield two sentences for each data set whose studies were compared, or the best mean; and what is unusual about some runs."""
    compared = judgement.assessments
    first_result = material.results[0]
    title, measure = first_result.describe_metric(metric), first_result.measure(metric)
    superlative = measure.superlative.capitalize()
    for data, assessment in compared:
        prefix = f"On {data}: " if len(compared) > 1 else ""
        found = [study.sample for study in assessment.studies if study.description]
        leader = best(found, assessment.measure)
        (result,) = (study.result for study in assessment.studies if study.sample.name == leader.name)
        among = f" of {len(found)} studies, chosen by these values" if len(found) > 2 else ""
        kind = f"{superlative} mean" if _all_several(found) else f"{superlative} mean of several seeds"
        yield f"{prefix}{kind} {title}: {_number(result, metric)}, by {leader.name!r}{among}."
        yield prefix + _shown(assessment, leader.name)
    yield from unusual_notes(samples(material.names, material.results, metric), measure)
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
    failed = f"; {len(result.failures)} of {len(result.seeds)} seeds failed" if result.failures else ""
    if summary.n == 1:
        return f"{measure.show(summary.mean)} (one seed: no interval{failed})"
    around = interval(measure, summary.low, summary.high).strip("[]").replace(", ", " to ")
    known = "all equal" if around == NOTHING else f"95 % interval {around}"
    return f"{measure.show(summary.mean)} ({known}, from {summary.n} seeds{failed})"


def _all_several(found: Sequence[Sample]) -> bool:
    """Return whether either all of the studies have several seeds, or none has."""
    return len({len(sample.seeds) > 1 for sample in found}) == 1


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
