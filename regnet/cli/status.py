"""`regnet status`: what of a launch is finished, and what is missing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from regnet.cli.console import results_console

if TYPE_CHECKING:
    from regnet.launch_folder.plan import Plan
    from regnet.launch_folder.status import JobStatus, Status

UNFINISHED = 1
HEADINGS = ("job", "study", "planned", "finished", "diverged", "failed", "missing", "partly trained")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet status`."""
    add_launch_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def add_launch_option(parser: argparse.ArgumentParser) -> None:
    """Adds the argument that names a launch."""
    parser.add_argument(
        "launch", nargs="?", metavar="LAUNCH", help="its folder, name or id (default: the newest below this folder)"
    )


def status(options: argparse.Namespace) -> int:
    """Prints the jobs of a launch and how many of their runs are finished; returns 1 if some are not."""
    from regnet.launch_folder.find import find_launch

    return print_status(find_launch(options.launch, Path()), as_json=options.json)


def print_status(plan: Plan, *, as_json: bool = False) -> int:
    """Prints the status of a launch; returns 1 if runs are missing."""
    from regnet.launch_folder.status import status_of

    found = status_of(plan)
    if as_json:
        print(json.dumps(_as_json(found), indent=1))
    else:
        _print(found)
    return UNFINISHED if found.finished < found.planned or found.unplanned else 0


def _print(found: Status) -> None:
    from regnet.report.tables.table import Table

    console = results_console()
    shared = set.intersection(*(set(job.job.overrides) for job in found.jobs)) if len(found.jobs) > 1 else set()
    rows = tuple(_row(job, shared) for job in found.jobs)
    Table(f"Launch {found.plan.start.launch}", HEADINGS, rows).print(console)
    for failure in found.unplanned:
        console.print(f"job {failure.number} failed: {failure.error}", soft_wrap=True, markup=False, highlight=False)
    console.print(f"{found.counts}; the launch is {_described(found)}")
    if found.state in ("abandoned", "stopped", "failed"):
        console.print(f"To continue it: regnet resume {found.plan.folder}", soft_wrap=True)


def _described(found: Status) -> str:
    match found.state:
        case "running":
            return f"running, by {found.owner}" if found.owner else "running"
        case "abandoned":
            return f"abandoned: {found.owner} was killed"
        case state:
            return state


def _row(status: JobStatus, shared: Collection[str]) -> tuple[str, ...]:
    """A job in the table, with the overrides in which it differs from the others."""
    failed = [seed for seed in status.failures if seed not in status.finished]
    diverged = len(status.failures) - len(failed)
    missing = len(status.missing) - len(failed)
    counts = (len(status.job.seeds), len(status.finished), diverged, len(failed), missing, len(status.partly))
    job = status.job
    differing = [override for override in job.overrides if override not in shared]
    return (job.folder, " ".join([job.name, *differing]), *map(str, counts))


def _as_json(found: Status) -> dict[str, object]:
    owner = found.owner
    return {
        "launch": found.plan.start.launch,
        "folder": str(found.plan.folder),
        "state": found.state,
        "owner": str(owner) if owner else None,
        "planned": found.planned,
        "finished": found.finished,
        "jobs": [
            {
                "job": status.job.folder,
                "study": status.job.study,
                "name": status.job.name,
                "overrides": list(status.job.overrides),
                "seeds": list(status.job.seeds),
                "finished": list(status.finished),
                "missing": list(status.missing),
                "trained_epochs": {str(seed): epoch for seed, epoch in status.trained.items() if seed in status.missing},
                "failures": {str(seed): reason for seed, reason in status.failures.items()},
            }
            for status in found.jobs
        ],
        "failed": [{"job": failure.folder, "error": failure.error} for failure in found.unplanned],
    }
