"""Tables of the metrics besides the headline: other numbers, the values of each class, confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regnet.report.tables.format import spread
from regnet.report.tables.table import Table
from regnet.stats.measure import name_of
from regnet.study.final import final_summary
from regnet.study.result import StudyResult

NOTHING = "–"


def metric_tables(results: Sequence[StudyResult], names: Sequence[str]) -> list[Table]:
    """Return the tables for studies with the same headline; none if they measured nothing else."""
    split = results[0].headline.partition("/")[0]
    tables = [*_others(results, names, split)]
    for result, name in zip(results, names, strict=True):
        title = f"{split.capitalize()} examples" + (f", {name}" if len(results) > 1 else "")
        tables += [*_classes(result, split, title), *_matrices(result, split, title)]
    return tables


def _others(results: Sequence[StudyResult], names: Sequence[str], split: str) -> Iterator[Table]:
    """Yield a table with a row for each study and a column for each number."""
    metrics = dict.fromkeys(
        f"{split}/{metric}"
        for result in results
        for metric, measure in result.measures.items()
        if not measure.axes and f"{split}/{metric}" != result.headline and metric != "loss"
    )
    if metrics:
        headings = [next(r for r in results if name_of(m) in r.measures).describe_metric(m) for m in metrics]
        rows = [(name, *(_cell(result, metric) for metric in metrics)) for result, name in zip(results, names, strict=True)]
        yield Table("Other metrics", ("mean ± std", *headings), tuple(rows))


def _classes(result: StudyResult, split: str, title: str) -> Iterator[Table]:
    """Yield a table with a row for each class and a column for each metric that has a value for each class."""
    metrics = [name for name, measure in result.measures.items() if len(measure.axes) == 1]
    found = {name: _indices(result, f"{split}/{name}") for name in metrics}
    indices = sorted({index for each in found.values() for index in each})
    if indices:
        headings = ("class", *(result.measures[name].title for name in metrics))
        rows = tuple((str(i), *(_cell(result, f"{split}/{name}/{i}") for name in metrics)) for (i,) in indices)
        yield Table(f"{title}: each class", headings, rows, ("The mean over the seeds, and its standard deviation.",))


def _matrices(result: StudyResult, split: str, title: str) -> Iterator[Table]:
    """Yield a table for each metric with two axes: the mean over the seeds."""
    for name, measure in result.measures.items():
        indices = _indices(result, f"{split}/{name}")
        if len(measure.axes) != 2 or not indices:
            continue
        rows, columns = (sorted({index[axis] for index in indices}) for axis in (0, 1))
        headings = (f"{measure.axes[0]} \\ {measure.axes[1]}", *map(str, columns))
        cells = tuple((str(row), *(_mean(result, f"{split}/{name}/{row}/{column}") for column in columns)) for row in rows)
        yield Table(f"{title}: {measure.title}", headings, cells, ("The mean over the seeds.",))


def _indices(result: StudyResult, metric: str) -> list[tuple[int, ...]]:
    """Return the indices of a table's numbers, from their names in the history."""
    names = [name.removeprefix(f"{metric}/") for name in result.history if name.startswith(f"{metric}/")]
    return sorted(tuple(map(int, name.split("/"))) for name in names)


def _cell(result: StudyResult, metric: str) -> str:
    summary = final_summary(result, metric)
    return NOTHING if summary is None else spread(result.measure(metric), summary)


def _mean(result: StudyResult, metric: str) -> str:
    summary = final_summary(result, metric)
    return NOTHING if summary is None else f"{summary.mean:.4g}"
