"""An assessment as tables and sentences: a row for each study, and a row and a sentence for each comparison."""

from __future__ import annotations

from collections import Counter

from regnet.report.assessment import Assessed, Assessment
from regnet.report.tables.format import NOTHING, interval
from regnet.report.tables.table import Table
from regnet.stats import Comparison, Estimate, Measure, Sample, verdict
from regnet.stats.unusual import populations, unseen_notes, unusual_notes
from regnet.stats.verdict import practical
from regnet.stats.wording import p_value

DEFINED = (
    "The interval is Student's t interval over seeds, exact for normal values. IQM is the mean of the middle half of the seeds.",
)
WINNER = "★"
NOT_CORRECTED = "of the other columns not corrected for the number of comparisons"


def study_table(assessment: Assessment) -> Table:
    """Return a row for each study; a star marks the study that is shown to be better than every other, if there is one."""
    level = f"{100 * assessment.rules.level:.4g} % interval"
    headings = (
        assessment.studies[0].result.describe_metric(assessment.metric),
        "n",
        "failed",
        "mean ± std",
        "median",
        "IQM",
        level,
        "shown better than",
    )
    rows = tuple(_study_row(assessment, study) for study in assessment.studies)
    star = [f"{WINNER} shown to be better than every other"] if assessment.winner else []
    samples = [study.sample for study in assessment.studies]
    unusual = unusual_notes(samples, assessment.measure, assessment.rules.level)
    unseen = unseen_notes(samples, assessment.rules.level)
    notes = (*unusual[1:], *star, *DEFINED, *unseen, *populations(samples), *assessment.notes, *_study_notes(assessment))
    return Table(": ".join(["Studies", *unusual[:1]]), headings, rows, notes)


def pair_table(assessment: Assessment) -> Table:
    """Return a row for each comparison: first minus second, with intervals and p."""
    p = "p" if len(assessment.comparisons) == 1 else "p (Holm)"
    measure, level = assessment.measure, f"{100 * assessment.rules.level:.4g} %"
    difference = f"first − second, {measure.gap_unit}" if measure.gap_unit else "first − second"
    headings = ("first against second", "n", difference, "Hedges' g", "P(first better)", p)
    rows = tuple(_pair_row(pair, measure) for pair in assessment.comparisons)
    sign = f"{'below' if measure.smaller_is_better else 'above'} 0, the first is better"
    together = len(assessment.comparisons) > 1 or assessment.comparisons[0].family > 1
    family = f"of the differences for all comparisons together, {NOT_CORRECTED}" if together else "each for itself"
    runs = "two runs with the same seed" if any(pair.paired for pair in assessment.comparisons) else "any two runs"
    notes = (
        f"First − second: {sign}. In brackets {level} intervals, {family}.",
        f"P(first better): the probability that, of {runs}, the first study's is better.",
    )
    return Table("Comparisons", headings, rows, (*notes, *_scope(assessment)))


def sentences(assessment: Assessment) -> list[str]:
    """Return each comparison's verdict in plain words, with its notes."""
    measure = assessment.measure
    parts = ((_sentence(pair, measure), practical(pair, measure), *pair.notes) for pair in assessment.comparisons)
    return [f"{'; '.join(filter(None, part))}." for part in parts]


def _sentence(pair: Comparison, measure: Measure) -> str:
    words = verdict(pair, measure)
    return words if pair.better else f"{pair.first!r} against {pair.second!r}: {words}"


def _study_notes(assessment: Assessment) -> list[str]:
    """Return the notes on studies, each once, after the labels of its studies unless it is about all of them."""
    notes: dict[str, list[str]] = {}
    described = [(study.sample.name, study.description) for study in assessment.studies if study.description]
    for label, description in described:
        for note in description.notes:
            notes.setdefault(note, []).append(label)
    return [note if len(labels) == len(described) else f"{', '.join(labels)}: {note}" for note, labels in notes.items()]


def _study_row(assessment: Assessment, study: Assessed) -> tuple[str, ...]:
    label, failed, found = study.sample.name, _failed(study.sample), study.description
    if found is None:
        return (label, "0", failed, *[NOTHING] * 5)
    mean, median, middle = (assessment.measure.show(value) for value in (found.mean, found.median, found.interquartile_mean))
    spread = mean if found.std is None else f"{mean} ± {assessment.measure.show(found.std)}"
    around = NOTHING if found.student is None else interval(assessment.measure, found.student.low, found.student.high)
    marked = f"{label} {WINNER}" if label == assessment.winner else label
    return (marked, str(found.n), failed, spread, median, middle, around, _beaten(assessment, label))


def _failed(sample: Sample) -> str:
    """The number of seeds that failed and, if there are any, of those that are unfinished or undefined: ``1, 3 running``."""
    states = Counter(state.partition(":")[0] for state in sample.unfinished.values())
    states.update({"undefined": len(sample.undefined)} if sample.undefined else {})
    return ", ".join([str(len(sample.failures) + len(sample.worst)), *(f"{count} {state}" for state, count in states.items())])


def _beaten(assessment: Assessment, label: str) -> str:
    met = sum(label in (pair.first, pair.second) for pair in assessment.comparisons)
    return f"{len(assessment.worse_than(label))} of {met}" if met else NOTHING


def _pair_row(pair: Comparison, measure: Measure) -> tuple[str, ...]:
    n, m = pair.n
    return (
        f"{pair.first} against {pair.second}",
        f"{n}" if n == m else f"{n}, {m}",
        _bracketed(pair.difference.means, measure.scale),
        NOTHING if pair.effect is None else _bracketed(pair.effect),
        _bracketed(pair.improvement, signed=False),
        NOTHING if pair.p is None else p_value(pair.p, alpha=pair.rules.alpha),
    )


def _bracketed(estimate: Estimate, scale: float = 1, *, signed: bool = True) -> str:
    """Format a value and its interval to three digits."""
    form = "+.3g" if signed else ".2f"
    value, interval = f"{scale * estimate.value:{form}}", estimate.interval
    if interval is None:
        return value
    return f"{value} [{scale * interval.low:{form}}, {scale * interval.high:{form}}]"


def _scope(assessment: Assessment) -> list[str]:
    """Say what was compared, unless every pair was."""
    if assessment.rules.baseline is not None:
        return [f"Every other study is compared with {assessment.rules.baseline}, as was asked for."]
    if assessment.best is None:
        return []
    lower = "lower" if assessment.measure.smaller_is_better else "higher"
    return [
        f"Of {len(assessment.studies)} studies, the others are compared with the best, {assessment.best}. It was chosen by these "
        f"same values, so that p is corrected as if every pair had been compared, and its mean is {lower} than with other seeds: "
        "`regnet confirm` trains it with others."
    ]
