"""An assessment as plain records for programs: numbers in full precision, `null` for a missing assessment."""

from __future__ import annotations

from math import isfinite
from typing import Any, TypeAlias

from regnet.report.assessment import Assessed, Assessment
from regnet.stats import Comparison, Description, Estimate, Interval, Measure, verdict

Record: TypeAlias = dict[str, Any]

NUMBERS = ("mean", "std", "standard_error", "median", "interquartile_mean")


def record(assessment: Assessment) -> Record:
    """Return the whole assessment: `metric`, `rules`, `studies`, `comparisons`, `best`, `winner` and `notes`."""
    rules = assessment.rules
    return {
        "metric": assessment.metric,
        "smaller_is_better": assessment.measure.smaller_is_better,
        "rules": {"test": rules.test, "design": rules.design, "incomplete": rules.incomplete, "level": rules.level},
        "studies": [{**study_record(assessment, study), "values": study.sample.by_seed} for study in assessment.studies],
        "comparisons": [_comparison(pair, assessment.measure) for pair in assessment.comparisons],
        "best": assessment.best,
        "winner": assessment.winner,
        "notes": list(assessment.notes),
    }


def study_record(assessment: Assessment, study: Assessed) -> Record:
    """Return a study's numbers under names that are the same for every study."""
    label = study.sample.name
    return {
        "label": label,
        "study": study.result.name,
        "identity": study.result.identity,
        "data": study.sample.data,
        "n": len(study.sample.seeds),
        "failed": len(study.sample.failures),
        "undefined": len(study.sample.undefined),
        **_numbers(study.description),
        "better_than": list(assessment.worse_than(label)),
        "winner": label == assessment.winner,
        "failures": dict(study.sample.failures),
        "notes": list(study.description.notes) if study.description else [],
    }


def study_line(assessment: Assessment, study: Assessed) -> Record:
    """Return the same as one line of a table: a single number or string under each name."""
    line = study_record(assessment, study)
    for name in ("student", "bootstrap"):
        line[f"{name}_low"], line[f"{name}_high"] = line.pop(name) or (None, None)
    failures = "; ".join(f"{seed}: {reason}" for seed, reason in line.pop("failures").items())
    return line | {"better_than": "; ".join(line["better_than"]), "failures": failures, "notes": "; ".join(line["notes"])}


def _numbers(description: Description | None) -> Record:
    """Return the numbers of a description, or None under the same names."""
    if description is None:
        return dict.fromkeys((*NUMBERS, "student", "bootstrap"))
    intervals = {"student": _ends(description.student), "bootstrap": _ends(description.bootstrap)}
    return {name: getattr(description, name) for name in NUMBERS} | intervals


def _comparison(pair: Comparison, measure: Measure) -> Record:
    return {
        "first": pair.first,
        "second": pair.second,
        "n": list(pair.n),
        "paired": pair.paired,
        "test": pair.difference.test,
        "difference": _estimate(pair.difference.means),
        "hedges_g": pair.effect and _estimate(pair.effect),
        "probability_first_better": _estimate(pair.improvement),
        "p": pair.p,
        "p_alone": pair.difference.p,
        "family": pair.family,
        "better": pair.better,
        "gap_missed": pair.power and _finite(pair.power.missed),
        "gap_found": pair.power and _finite(pair.power.found),
        "fewest_seeds": pair.power and pair.power.fewest,
        "verdict": verdict(pair, measure),
        "notes": list(pair.notes),
    }


def _finite(gap: float) -> float | None:
    return gap if isfinite(gap) else None


def _estimate(estimate: Estimate) -> Record:
    return {"value": estimate.value, "interval": _ends(estimate.interval)}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
