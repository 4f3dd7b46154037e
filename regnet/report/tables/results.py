"""The results of a launch: a row for each study, with its spread over seeds, its interval and its training time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regnet.report.samples import samples
from regnet.report.tables.format import NOTHING, interval, seconds, spread, time_spread
from regnet.report.tables.table import Table
from regnet.stats import Measure, Sample, describe, from_moments, summarize
from regnet.stats.unusual import misleads, populations, unusual_notes
from regnet.study.final import final_summary
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

HEADINGS = ("mean ± std", "95 % interval", "training time", "n")

PUBLISHED = {
    "paper, its framework": (from_moments(0.0189, 2.52e-3, 20), (16.82, 4.73e-1)),
    "paper, PyTorch": (from_moments(0.0236, 3.88e-3, 20), (21.71, 2.93)),
}
"""The paper's Table I: error rate over 20 rounds, and mean and standard deviation of the time in seconds."""


def comparison(results: Sequence[StudyResult], names: Sequence[str] | None = None, *, published: bool = False) -> Table:
    """Return the table of studies with the same headline, optionally below the two rows of the paper's Table I.

    Args:
        results: the studies.
        names: their labels; by default the settings in which they differ.
        published: whether to include the paper's rows.
    """
    (metric,) = by_metric(results)
    first = results[0]
    measure = first.measure(metric)
    rows: list[tuple[str, ...]] = []
    if published:
        for label, (summary, (mean, std)) in PUBLISHED.items():
            around = interval(measure, summary.low, summary.high)
            rows.append((label, spread(measure, summary), around, time_spread(mean, std), str(summary.n)))
    labels = study_labels(results) if names is None else names
    rows += [_row(label, result, metric) for label, result in zip(labels, results, strict=True)]
    found = samples(labels, results, metric)
    headings: tuple[str, ...] = (first.describe_metric(metric), *HEADINGS)
    if any(map(misleads, found)):
        headings = (*headings, "IQM")
        middles = [NOTHING] * (len(rows) - len(found)) + [_middle(sample, measure) for sample in found]
        rows = [(*row, middle) for row, middle in zip(rows, middles, strict=True)]
    title = "Table I, made anew" if published else "Results"
    notes = (*populations(found), *_notes(results, metric, published))
    unusual = unusual_notes(found, measure)
    return Table(": ".join([title, *unusual[:1]]), headings, tuple(rows), (*unusual[1:], *notes))


def _middle(sample: Sample, measure: Measure) -> str:
    """Return the interquartile mean with its interval, in brackets, if there are enough seeds for one."""
    if not sample.seeds:
        return NOTHING
    found = describe(sample, np.random.default_rng(0), measure)
    around = found.middle_interval
    mean = measure.show(found.interquartile_mean)
    return mean if around is None else f"{mean} {interval(measure, around.low, around.high)}"


def by_metric(results: Sequence[StudyResult]) -> dict[str, list[int]]:
    """Group the indices of the studies by headline."""
    groups: dict[str, list[int]] = {}
    for index, result in enumerate(results):
        groups.setdefault(result.headline, []).append(index)
    return groups


def _whole(result: StudyResult) -> np.ndarray:
    """Return whether each seed was trained to the end, ``(R,)``."""
    return np.array([seed not in result.failures for seed in result.seeds])


def _row(label: str, result: StudyResult, metric: str) -> tuple[str, ...]:
    summary = final_summary(result, metric)
    failed = f" ({len(result.failures)} failed)" if result.failures else ""
    undefined = len(result.seeds) - len(result.failures) - (summary.n if summary else 0)
    missing = failed + (f" ({undefined} undefined)" if undefined else "")
    if summary is None:
        return label, *[NOTHING] * 3, f"0{missing}"
    measure = result.measure(metric)
    return label, spread(measure, summary), interval(measure, summary.low, summary.high), _time(result), f"{summary.n}{missing}"


def _time(result: StudyResult) -> str:
    whole = _whole(result)
    if not result.solo:
        return f"{seconds(float(result.seconds_per_run[whole].mean()))} each"
    summary = summarize(result.seconds[whole])
    return seconds(summary.mean) if summary.n == 1 else time_spread(summary.mean, summary.std)


def _notes(results: Sequence[StudyResult], metric: str, published: bool) -> tuple[str, ...]:
    notes = [f"Measured on: {machine}." for machine in dict.fromkeys(result.machine for result in results)]
    summaries = [summary for result in results if (summary := final_summary(result, metric))]
    ends = (results[0].measure(metric).smallest, results[0].measure(metric).largest)
    if any(end in ends for summary in summaries for end in (summary.low, summary.high)):
        notes.append("An interval that would reach beyond what the metric can be is cut there.")
    groups = {(int(size), float(time)) for r in results if not r.solo for size, time in zip(r.together, r.seconds, strict=True)}
    for size in sorted({size for size, _ in groups if size > 1}):
        times = sorted(time for group_size, time in groups if group_size == size)
        took = seconds(times[0]) if len(times) == 1 else f"{seconds(times[0])} to {seconds(times[-1])}"
        notes.append(f"In lockstep {size} runs trained together took {took}: each one's share is given.")
    if published:
        notes.append("The paper's intervals are computed from its means and standard deviations; its machine is not known.")
    return tuple(notes)
