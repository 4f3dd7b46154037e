"""The jobs of a sweep: how each ended, its value and time; and which failed, with the error and the log."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from regnet.escape import csv_cell
from regnet.launch_folder.outcome import JobOutcome

JOBS: Final = "jobs.csv"
MOST: Final = 20
"""The number of failed jobs that a terminal shows."""
COLUMNS: Final = ("job", "folder", "study", "options", "end", "seeds", "metric", "value", "seconds", "error", "log")


def write_jobs(outcomes: Sequence[JobOutcome], folder: Path) -> Path:
    """Write a CSV file with a row for each job."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / JOBS
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(map(csv_cell, _row(outcome)) for outcome in outcomes)
    return path


def count_jobs(outcomes: Sequence[JobOutcome]) -> str:
    """Return how many jobs ended in which way, in words."""
    counts = Counter(outcome.end for outcome in outcomes)
    return f"{len(outcomes)} jobs: {', '.join(f'{count} {end}' for end, count in counts.most_common())}"


def list_failures(outcomes: Sequence[JobOutcome]) -> list[str]:
    """Return lines that say which jobs failed, wholly or in part, with their options, their errors and their logs."""
    failed = [outcome for outcome in outcomes if outcome.error]
    shared = set.intersection(*(set(outcome.overrides) for outcome in outcomes)) if len(outcomes) > 1 else set()
    lines = []
    for outcome in failed[:MOST]:
        options = " ".join(override for override in outcome.overrides if override not in shared)
        lines.append(f"job {outcome.number} failed: {options}: {outcome.error}" + (f" (log: {outcome.log})" if outcome.log else ""))
    return lines + ([f"{len(failed) - MOST} more jobs failed: see {JOBS}"] if len(failed) > MOST else [])


def _row(outcome: JobOutcome) -> tuple[object, ...]:
    result = outcome.result
    return (
        outcome.number,
        outcome.folder,
        outcome.study,
        " ".join(outcome.overrides),
        outcome.end,
        len(result.seeds) if result else 0,
        result.headline if result else "",
        "" if outcome.value is None else outcome.value,
        "" if outcome.seconds is None else outcome.seconds,
        outcome.error,
        outcome.log or "",
    )
