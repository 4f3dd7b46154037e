"""The comparison of a launch's studies: a row for each, with its spread over seeds, its interval and its time."""

from __future__ import annotations

from collections.abc import Sequence

from regnet.metrics import HEADLINE
from regnet.report.format import interval, seconds, spread, time_spread
from regnet.report.labels import labels
from regnet.report.table import Table
from regnet.results import StudyResult
from regnet.stats import Summary, from_moments, summarize

READABLE = {"test/error_rate": "test error rate", "test/rmse": "test RMSE"}
HEADINGS = ("mean ± std", "95 % interval", "training time", "n")

PUBLISHED = {
    "report, its framework": (from_moments(0.0189, 2.52e-3, 20), (16.82, 4.73e-1)),
    "report, PyTorch": (from_moments(0.0236, 3.88e-3, 20), (21.71, 2.93)),
}
"""The report's Table I: error rate over 20 rounds, and mean and standard deviation of the time in seconds."""


def comparison(results: Sequence[StudyResult], *, published: bool = False) -> Table:
    """The studies' table, with the two rows of the report's Table I above them if wanted."""
    metric = headline(results[0])
    rows: list[tuple[str, ...]] = []
    if published:
        for label, (summary, (mean, std)) in PUBLISHED.items():
            rows.append((label, spread(metric, summary), interval(metric, summary), time_spread(mean, std), str(summary.n)))
    rows += [_row(label, result, metric) for label, result in zip(labels(results), results, strict=True)]
    title = "Table I, made anew" if published else "Results"
    return Table(title, (READABLE[metric], *HEADINGS), tuple(rows), _notes(results, published))


def headline(result: StudyResult) -> str:
    """The metric that the study's task is judged by."""
    return next(name for name in HEADLINE.values() if name in result.history)


def final_summary(result: StudyResult, metric: str) -> Summary | None:
    """The metric after the last epoch over the seeds that did not fail; None if all did."""
    good = result.final[result.final["failure"].isna()]
    return None if good.empty else summarize(good[metric].to_numpy())


def _row(label: str, result: StudyResult, metric: str) -> tuple[str, ...]:
    summary = final_summary(result, metric)
    failed = f" ({len(result.failures)} failed)" if result.failures else ""
    if summary is None:
        return label, "–", "–", "–", f"0{failed}"
    return label, spread(metric, summary), interval(metric, summary), _time(result), f"{summary.n}{failed}"


def _time(result: StudyResult) -> str:
    good = result.final[result.final["failure"].isna()]
    if not result.solo:
        return f"{seconds(float(good['seconds_per_run'].mean()))} each"
    summary = summarize(good["seconds"].to_numpy())
    return seconds(summary.mean) if summary.n == 1 else time_spread(summary.mean, summary.std)


def _notes(results: Sequence[StudyResult], published: bool) -> tuple[str, ...]:
    notes = [f"Measured on: {machine}." for machine in dict.fromkeys(result.machine for result in results)]
    groups = {(int(size), float(time)) for r in results if not r.solo for size, time in zip(r.together, r.seconds, strict=True)}
    for size in sorted({size for size, _ in groups if size > 1}):
        times = sorted(time for other, time in groups if other == size)
        took = seconds(times[0]) if len(times) == 1 else f"{seconds(times[0])} to {seconds(times[-1])}"
        notes.append(f"In lockstep {size} runs trained together took {took}: each one's share is given.")
    if published:
        notes.append("The report's intervals are computed from its means and standard deviations; its machine is not known.")
    return tuple(notes)
