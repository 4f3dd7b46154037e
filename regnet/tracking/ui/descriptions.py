"""Markdown descriptions of runs, summaries and experiments, as MLflow's UI shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from regnet.markdown import markdown_table
from regnet.stats.sample import Sample
from regnet.stats.unusual import unusual_lines
from regnet.study.final import final_summary, final_values
from regnet.study.result import StudyResult
from regnet.tracking.ui.view import RUNS_AT_ONCE

BLOCK = re.compile(r"<!-- regnet -->.*?<!-- /regnet -->", re.DOTALL)
"""The part of an experiment's description that regnet writes; the rest belongs to the user."""


def run_note(seed: int, view: str) -> str:
    """Return the description of a run, with a link to the view of its launch."""
    return f"Training run with seed {seed}. {link('All runs of this launch, grouped by study', view)}"


def study_note(result: StudyResult, options: Mapping[str, str]) -> str:
    """Return the description of a summary run: a row for each metric, and the study's `options` that differ within the launch."""
    any_succeeded = len(result.failures) < len(result.seeds)
    rows = [(name, *_numbers(result, name)) for name in headline_first(result)] if any_succeeded else []
    parts = [
        f"{_seeds(result)}, after the last epoch:",
        markdown_table(("metric", "mean ± std", "95 % interval"), rows) if rows else "",
        *_unusual([result.name], [result]),
        markdown_table(("setting that differs between the launch's studies", "value"), list(options.items())) if options else "",
    ]
    return "\n\n".join(filter(None, parts))


def launch_note(results: Sequence[StudyResult], labels: Sequence[str]) -> str:
    """Return the description of a launch: a row for each study, with its headline metric."""
    rows = []
    for label, result in zip(labels, results, strict=True):
        rows.append((label, result.headline, *_numbers(result, result.headline), _seeds(result)))
    table = markdown_table(("study", "metric", "mean ± std", "95 % interval", "seeds"), rows)
    parts = [table, *_unusual(labels, results)]
    if sum(len(result.seeds) for result in results) <= RUNS_AT_ONCE:
        return "\n\n".join(parts)
    hint = f'MLflow\'s page loads {RUNS_AT_ONCE} runs at a time, the same seeds of every study: "Load more" adds the next.'
    return "\n\n".join([hint, *parts])


def with_block(text: str, block: str, length: int) -> str:
    """Return an experiment's description with regnet's part replaced by `block`, or appended if there is none yet.

    The user's text is kept. The last lines of the block are dropped if the description would exceed `length` characters.
    """
    before, _, after = BLOCK.sub("\0", text).partition("\0") if BLOCK.search(text) else (f"{text}\n\n" if text else "", "", "")
    lines = block.splitlines()
    while lines and len(before) + len(after) + len(_marked(lines)) > length:
        lines.pop()
    return before + _marked(lines) + after


def link(text: str, address: str) -> str:
    """Return a Markdown link."""
    return f"[{text}]({address})"


def headline_first(result: StudyResult) -> list[str]:
    """Return the names of the study's metrics: the headline, then the others in alphabetical order."""
    return sorted(result.history, key=lambda name: (name != result.headline, name))


def _numbers(result: StudyResult, metric: str) -> tuple[str, str]:
    summary = final_summary(result, metric)
    if summary is None:
        return "–", "–"
    if summary.n == 1:
        return f"{summary.mean:.4g}", "–"
    return f"{summary.mean:.4g} ± {summary.std:.2g}", f"{summary.low:.4g} to {summary.high:.4g}"


def _unusual(labels: Sequence[str], results: Sequence[StudyResult]) -> list[str]:
    """Name the runs that learned nothing, or whose headline is far from the rest, on which a mean depends."""
    found = []
    for label, result in zip(labels, results, strict=True):
        values = final_values(result, result.headline)
        sample = Sample(label, list(values), list(values.values()), unlearned=result.unlearned)
        found += [f"{label}: {line}." for line in unusual_lines(sample, result.measure(result.headline))]
    return found


def _seeds(result: StudyResult) -> str:
    count, failed = len(result.seeds), len(result.failures)
    return f"{count} seed{'s' * (count > 1)}" + (f", {failed} failed" if failed else "")


def _marked(lines: Sequence[str]) -> str:
    return "\n".join(["<!-- regnet -->", *lines, "<!-- /regnet -->"])
