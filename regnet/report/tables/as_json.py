"""An assessment as plain records for programs: numbers in full precision, `null` for a missing assessment."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any, TypeAlias

from regnet.report.assessment import Assessed, Assessment
from regnet.stats import Comparison, Description, Estimate, Interval, Measure, verdict
from regnet.stats.unusual import far_seeds

Record: TypeAlias = dict[str, Any]

NUMBERS = ("mean", "std", "standard_error", "median", "interquartile_mean")
INTERVALS = ("student", "bootstrap", "middle_interval")


def record(assessment: Assessment) -> Record:
    """Return the whole assessment: `metric`, `rules`, `studies`, `comparisons`, `best`, `winner` and `notes`."""
    rules = assessment.rules
    return {
        "metric": assessment.metric,
        "smaller_is_better": assessment.measure.smaller_is_better,
        "rules": asdict(rules),
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
        "population": study.sample.population,
        "n": len(study.sample.seeds),
        "failed": len(study.sample.failures) + len(study.sample.worst),
        "undefined": len(study.sample.undefined),
        "unlearned": list(study.sample.unlearned),
        "far_from_rest": far_seeds(study.sample),
        **_numbers(study.description),
        "better_than": list(assessment.worse_than(label)),
        "winner": label == assessment.winner,
        "failures": {**study.sample.failures, **study.sample.worst},
        "notes": list(study.description.notes) if study.description else [],
    }


def study_line(assessment: Assessment, study: Assessed) -> Record:
    """Return the same as one line of a table: a single number or string under each name."""
    line = study_record(assessment, study)
    for name in INTERVALS:
        line[f"{name}_low"], line[f"{name}_high"] = line.pop(name) or (None, None)
    for name in ("unlearned", "far_from_rest"):
        line[name] = " ".join(map(str, line[name]))
    failures = "; ".join(f"{seed}: {reason}" for seed, reason in line.pop("failures").items())
    return line | {"better_than": "; ".join(line["better_than"]), "failures": failures, "notes": "; ".join(line["notes"])}


def _numbers(description: Description | None) -> Record:
    """Return the numbers of a description, or None under the same names."""
    if description is None:
        return dict.fromkeys((*NUMBERS, *INTERVALS))
    intervals = {name: _ends(getattr(description, name)) for name in INTERVALS}
    return {name: getattr(description, name) for name in NUMBERS} | intervals


def _comparison(pair: Comparison, measure: Measure) -> Record:
    return {
        "first": pair.first,
        "second": pair.second,
        "n": list(pair.n),
        "paired": pair.paired,
        "test": pair.difference.test,
        "difference": _estimate(pair.difference.means),
        "interval_alone": _ends(pair.alone),
        "equivalence": pair.equivalence and asdict(pair.equivalence),
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
