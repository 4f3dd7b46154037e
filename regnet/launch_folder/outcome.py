"""How each job of a launch ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from regnet.launch_folder.failure import JobFailure, read_failures
from regnet.launch_folder.status import JobStatus, Status
from regnet.study.final import final_summary
from regnet.study.result import StudyResult

End: TypeAlias = Literal["finished", "diverged", "failed", "partly", "not run"]
"""``partly``: some seeds are missing or failed; ``diverged``: all seeds did."""


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended."""

    number: int
    folder: str
    """The job's folder, relative to the launch's."""
    study: str
    """The study's name; empty if the study could not be built."""
    overrides: tuple[str, ...]
    end: End
    result: StudyResult | None
    error: str
    """Why the job or its first seed failed, in one line; empty if none did."""
    log: str | None
    """The file that holds the job's log."""

    @property
    def value(self) -> float | None:
        """The mean of the final headline metric over the seeds that did not fail; None if there are none."""
        summary = None if self.result is None else final_summary(self.result, self.result.headline)
        return None if summary is None else summary.mean

    @property
    def seconds(self) -> float | None:
        """The job's share of the training time; None if nothing was trained."""
        return None if self.result is None else float(self.result.seconds_per_run[self._trained].sum())

    @property
    def _trained(self) -> list[int]:
        assert self.result is not None
        return [row for row, seed in enumerate(self.result.seeds) if seed not in self.result.faults]


def outcomes_of(status: Status) -> list[JobOutcome]:
    """Return how each job of a launch ended, in the order of their numbers."""
    failures = {failure.folder: failure for failure in read_failures(status.plan.folder)}
    planned = [_planned(status.plan.folder, job, failures.pop(job.job.folder, None)) for job in status.jobs]
    others = [
        JobOutcome(failure.number, failure.folder, "", failure.overrides, "failed", None, failure.error, failure.log)
        for failure in failures.values()
    ]
    return sorted([*planned, *others], key=lambda outcome: outcome.number)


def _planned(launch: Path, status: JobStatus, failure: JobFailure | None) -> JobOutcome:
    job, faults = status.job, status.result.faults if status.result else {}
    error = failure.error if failure else ""
    if not error and faults:
        seed, reason = next(iter(faults.items()))
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        error = f"seed {seed}: {reason}{more}"
    log = failure.log if failure else _log_of(Path(launch, job.folder))
    return JobOutcome(job.number, job.folder, job.name, job.overrides, _end(status, failure), status.result, error, log)


def _end(status: JobStatus, failure: JobFailure | None) -> End:
    if status.finished and len(status.failures) == len(status.job.seeds):
        return "diverged"
    if not status.missing:
        return "finished"
    if failure or (status.failures and not status.finished):
        return "failed"
    return "partly" if status.finished or status.partly else "not run"


def _log_of(folder: Path) -> str | None:
    return next((str(path) for path in sorted(folder.glob("*.log"))), None)
