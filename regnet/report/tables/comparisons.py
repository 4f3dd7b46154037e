"""An assessment as tables and sentences: a row for each study, a row for each comparison, and what each comparison comes to."""

from __future__ import annotations

from regnet.report.assessment import Assessed, Assessment
from regnet.report.tables.format import interval
from regnet.report.tables.table import Table
from regnet.stats import Comparison, Estimate, Measure, verdict
from regnet.stats.wording import p_value

NOTHING = "–"
WINNER = "★"


def study_table(one: Assessment) -> Table:
    """What each study came to; a star marks the one that is shown to be better than every other, if there is such."""
    level = f"{100 * one.rules.level:g} % interval"
    headings = (
        one.studies[0].result.describe_metric(one.metric),
        "n",
        "failed",
        "mean ± std",
        "median",
        "IQM",
        level,
        "shown better than",
    )
    rows = tuple(_study_row(one, study) for study in one.studies)
    star = [f"{WINNER} shown to be better than every other"] if one.winner else []
    return Table("Studies", headings, rows, (*star, *one.notes, *_study_notes(one)))


def pair_table(one: Assessment) -> Table:
    """What each comparison measured: first minus second, and how sure that is."""
    p = "p" if len(one.comparisons) == 1 else "p (Holm)"
    difference = f"difference in {one.measure.gap_unit}" if one.measure.gap_unit else "difference"
    headings = ("first against second", "n", difference, "Hedges' g", "P(first better)", p)
    level = f"In brackets {100 * one.rules.level:g} % intervals, each for itself."
    return Table("Comparisons", headings, tuple(_pair_row(each, one.measure) for each in one.comparisons), (level, *_scope(one)))


def sentences(one: Assessment) -> list[str]:
    """Each comparison's verdict in plain words, with what a reader must know beside it."""
    return [f"{'; '.join((_sentence(each, one.measure), *each.notes))}." for each in one.comparisons]


def _sentence(one: Comparison, measure: Measure) -> str:
    said = verdict(one, measure)
    return said if one.better else f"{one.first!r} against {one.second!r}: {said}"


def _study_notes(one: Assessment) -> list[str]:
    """What is to be said of studies, each thing once; whose it is, unless it is all of them."""
    whose: dict[str, list[str]] = {}
    described = [(study.sample.name, study.description) for study in one.studies if study.description]
    for label, its in described:
        for note in its.notes:
            whose.setdefault(note, []).append(label)
    return [note if len(labels) == len(described) else f"{', '.join(labels)}: {note}" for note, labels in whose.items()]


def _study_row(one: Assessment, study: Assessed) -> tuple[str, ...]:
    label, failed, its = study.sample.name, str(len(study.sample.failures)), study.description
    if its is None:
        return (label, "0", failed, *[NOTHING] * 5)
    mean, median, middle = (one.measure.show(value) for value in (its.mean, its.median, its.interquartile_mean))
    spread = mean if its.std is None else f"{mean} ± {one.measure.show(its.std)}"
    around = NOTHING if its.student is None else interval(one.measure, its.student.low, its.student.high)
    marked = f"{label} {WINNER}" if label == one.winner else label
    return (marked, str(its.n), failed, spread, median, middle, around, _beaten(one, label))


def _beaten(one: Assessment, label: str) -> str:
    met = sum(label in (each.first, each.second) for each in one.comparisons)
    return f"{len(one.worse_than(label))} of {met}" if met else NOTHING


def _pair_row(one: Comparison, measure: Measure) -> tuple[str, ...]:
    n, m = one.n
    return (
        f"{one.first} against {one.second}",
        f"{n}" if n == m else f"{n}, {m}",
        _bracketed(one.difference.means, measure.scale),
        NOTHING if one.effect is None else _bracketed(one.effect),
        _bracketed(one.improvement, signed=False),
        NOTHING if one.p is None else p_value(one.p),
    )


def _bracketed(estimate: Estimate, scale: float = 1, *, signed: bool = True) -> str:
    """A value with its interval, to three digits."""
    form = "+.3g" if signed else ".2f"
    value, interval = f"{scale * estimate.value:{form}}", estimate.interval
    if interval is None:
        return value
    return f"{value} [{scale * interval.low:{form}}, {scale * interval.high:{form}}]"


def _scope(one: Assessment) -> list[str]:
    """What was compared, where that is not each with each."""
    if one.best is None:
        return []
    return [
        f"Of so many studies the others are compared with the best alone, {one.best}; since which that is was seen from these same "
        "values, p is corrected as if each had been compared with each."
    ]
