"""Results as Markdown, for the descriptions of summary runs and experiments in MLflow's UI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regnet.markdown import markdown_table
from regnet.study.final import final_summary
from regnet.study.result import StudyResult
from regnet.tracking.ui.view import RUNS_AT_ONCE


def study_note(result: StudyResult, options: Mapping[str, str]) -> str:
    """A study's table, a row for each metric, and those of its `options` that are not the same for all studies of its launch."""
    some = len(result.failures) < len(result.seeds)
    rows = [(name, *_numbers(result, name)) for name in headline_first(result)] if some else []
    parts = [
        f"{_seeds(result)}, after the last epoch:",
        markdown_table(("metric", "mean ± std", "95 % interval"), rows) if rows else "",
        markdown_table(("what differs from the launch's other studies", "here"), list(options.items())) if options else "",
    ]
    return "\n\n".join(filter(None, parts))


def launch_note(results: Sequence[StudyResult], labels: Sequence[str]) -> str:
    """The studies' table: a row for each, by the metric that its task is judged by."""
    rows = []
    for label, result in zip(labels, results, strict=True):
        rows.append((label, result.headline, *_numbers(result, result.headline), _seeds(result)))
    table = markdown_table(("study", "metric", "mean ± std", "95 % interval", "seeds"), rows)
    if sum(len(result.seeds) for result in results) <= RUNS_AT_ONCE:
        return table
    hint = f'MLflow\'s page loads {RUNS_AT_ONCE} runs at a time, the same seeds of every study: "Load more" adds the next.'
    return f"{hint}\n\n{table}"


def headline_first(result: StudyResult) -> list[str]:
    """The study's metrics, that which its task is judged by before the others."""
    return sorted(result.history, key=lambda name: (name != result.headline, name))


def _numbers(result: StudyResult, metric: str) -> tuple[str, str]:
    summary = final_summary(result, metric)
    if summary is None:
        return "–", "–"
    if summary.n == 1:
        return f"{summary.mean:.4g}", "–"
    return f"{summary.mean:.4g} ± {summary.std:.2g}", f"{summary.low:.4g} to {summary.high:.4g}"


def _seeds(result: StudyResult) -> str:
    count, failed = len(result.seeds), len(result.failures)
    return f"{count} seed{'s' * (count > 1)}" + (f", {failed} failed" if failed else "")
