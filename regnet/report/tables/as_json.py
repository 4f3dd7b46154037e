"""An assessment as plain records, for programs: numbers in full, `null` where there is none."""

from __future__ import annotations

from typing import Any, TypeAlias

from regnet.report.assessment import Assessed, Assessment
from regnet.stats import Comparison, Description, Estimate, Interval, Measure, verdict
from regnet.stats.difference import NAMES

Record: TypeAlias = dict[str, Any]

NUMBERS = ("mean", "std", "standard_error", "median", "interquartile_mean")


def record(one: Assessment) -> Record:
    """The whole assessment: `metric`, `rules`, `studies`, `comparisons`, `best`, `winner` and `notes`."""
    rules = one.rules
    return {
        "metric": one.metric,
        "smaller_is_better": one.measure.smaller_is_better,
        "rules": {"test": rules.test, "design": rules.design, "incomplete": rules.incomplete, "level": rules.level},
        "studies": [{**study_record(one, study), "values": study.sample.by_seed} for study in one.studies],
        "comparisons": [_comparison(each, one.measure) for each in one.comparisons],
        "best": one.best,
        "winner": one.winner,
        "notes": list(one.notes),
    }


def study_record(one: Assessment, study: Assessed) -> Record:
    """A study's numbers under names that are the same for every study."""
    label = study.sample.name
    return {
        "label": label,
        "study": study.result.name,
        "identity": study.result.identity,
        "data": study.sample.data,
        "n": len(study.sample.seeds),
        "failed": len(study.sample.failures),
        **_numbers(study.description),
        "better_than": list(one.worse_than(label)),
        "winner": label == one.winner,
        "failures": dict(study.sample.failures),
        "notes": list(study.description.notes) if study.description else [],
    }


def study_line(one: Assessment, study: Assessed) -> Record:
    """The same as one line of a table: a single number or text under each name."""
    line = study_record(one, study)
    for name in ("student", "bootstrap"):
        line[f"{name}_low"], line[f"{name}_high"] = line.pop(name) or (None, None)
    failures = "; ".join(f"{seed}: {reason}" for seed, reason in line.pop("failures").items())
    return line | {"better_than": "; ".join(line["better_than"]), "failures": failures, "notes": "; ".join(line["notes"])}


def _numbers(its: Description | None) -> Record:
    """Those of a description, or nothing under the same names."""
    if its is None:
        return dict.fromkeys((*NUMBERS, "student", "bootstrap"))
    return {name: getattr(its, name) for name in NUMBERS} | {"student": _ends(its.student), "bootstrap": _ends(its.bootstrap)}


def _comparison(one: Comparison, measure: Measure) -> Record:
    return {
        "first": one.first,
        "second": one.second,
        "n": list(one.n),
        "paired": one.paired,
        "test": None if one.p is None else NAMES[one.rules.test, one.paired],
        "difference": _estimate(one.difference.means),
        "hedges_g": one.effect and _estimate(one.effect),
        "probability_first_better": _estimate(one.improvement),
        "p": one.p,
        "p_alone": one.difference.p,
        "family": one.family,
        "better": one.better,
        "gap_missed": one.power and one.power.missed,
        "gap_found": one.power and one.power.found,
        "seeds_needed": one.power and one.power.needed,
        "verdict": verdict(one, measure),
        "notes": list(one.notes),
    }


def _estimate(estimate: Estimate) -> Record:
    return {"value": estimate.value, "interval": _ends(estimate.interval)}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
