"""What is finished in a launch's folder, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from regnet.launch_folder.failure import JobFailure, read_failures
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.owner import Owner, is_owned, read_owner
from regnet.launch_folder.plan import Plan, PlannedJob
from regnet.study.result import MISSING, StudyResult, with_faults
from regnet.training.checkpoint import trained_epochs


@dataclass(frozen=True)
class JobStatus:
    """A planned job, and its result as far as it is known."""

    job: PlannedJob
    result: StudyResult | None
    """The result of the seeds that are finished, and of those whose failure was recorded; None if there are none."""
    trained: Mapping[int, int]
    """The epochs after which seeds continue, from a checkpoint, by seed."""

    @cached_property
    def failures(self) -> dict[int, str]:
        """The seeds that have failed, also by divergence."""
        return {} if self.result is None else {seed: self.result.failures[seed] for seed in self._seeds(self.result.failures)}

    @cached_property
    def finished(self) -> tuple[int, ...]:
        """The seeds that need not be trained again: those that were trained to the end, and those that diverged."""
        return () if self.result is None else self._seeds(set(self.result.seeds) - set(self.result.faults))

    @property
    def missing(self) -> tuple[int, ...]:
        """The planned seeds that are not finished, whose training resumes."""
        return tuple(seed for seed in self.job.seeds if seed not in self.finished)

    @property
    def partly(self) -> tuple[int, ...]:
        """The missing seeds that continue from a checkpoint."""
        return tuple(seed for seed in self.missing if seed in self.trained)

    @property
    def complete_result(self) -> StudyResult | None:
        """The result of all planned seeds, of which the missing ones have failed; None if there is no result."""
        if self.result is None:
            return None
        faults = {seed: self.result.faults.get(seed, f"{MISSING}: it was not trained to the end") for seed in self.missing}
        return with_faults([self.result], faults, self.job.seeds)

    def _seeds(self, chosen: object) -> tuple[int, ...]:
        return tuple(seed for seed in self.job.seeds if seed in chosen)  # type: ignore[operator]


@dataclass(frozen=True)
class Status:
    """The jobs of a launch, and who runs it."""

    plan: Plan
    jobs: tuple[JobStatus, ...]
    running: bool
    """Whether a process is running the launch."""
    owner: Owner | None
    """The process that runs it, or that was killed while it did."""
    unplanned: tuple[JobFailure, ...] = ()
    """The jobs that failed before it was known which runs they have."""

    @property
    def planned(self) -> int:
        """The number of planned runs."""
        return sum(len(status.job.seeds) for status in self.jobs)

    @property
    def finished(self) -> int:
        """The number of runs that are finished."""
        return sum(len(status.finished) for status in self.jobs)

    @property
    def partly(self) -> int:
        """The number of runs that continue from a checkpoint."""
        return sum(len(status.partly) for status in self.jobs)

    @property
    def counts(self) -> str:
        """How many of the runs are finished, in words."""
        partly = f", {self.partly} partly trained" if self.partly else ""
        failed = f", {len(self.unplanned)} jobs could not be started" if self.unplanned else ""
        return f"{self.finished} of {self.planned} runs are finished{partly}{failed}"

    @property
    def state(self) -> str:
        """``running``, ``finished``, ``abandoned`` by a process that was killed, ``stopped``, or ``failed`` before training."""
        if self.running:
            return "running"
        if self.finished == self.planned and (self.jobs or self.unplanned):
            return "failed" if self.unplanned else "finished"
        return "abandoned" if self.owner else "stopped"


def status_of(plan: Plan) -> Status:
    """Read the status of a launch from its folder."""
    planned = set(plan.jobs)
    unplanned = tuple(failure for failure in read_failures(plan.folder) if failure.folder not in planned)
    return Status(plan, tuple(_statuses(plan)), is_owned(plan.folder), read_owner(plan.folder), unplanned)


def count(plan: Plan) -> str:
    """Return in words how much of a launch is finished."""
    return status_of(plan).counts


def _statuses(plan: Plan) -> Iterator[JobStatus]:
    jobs = plan.jobs.values()
    folders = [Path(plan.folder, job.folder) for job in jobs]
    epochs: dict[tuple[str, int], int] = {}
    for folder in folders:
        epochs |= trained_epochs(folder)
    for job, folder in zip(jobs, folders, strict=True):
        trained = {seed: epochs[job.study, seed] for seed in job.seeds if (job.study, seed) in epochs}
        yield JobStatus(job, JobFolder(folder).recorded(job.study), trained)
