"""Add jobs to the plan of a launch, unless they are planned already, and refuse jobs that do not fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePath

from regnet.errors import ConfigError
from regnet.launch_folder.json_lines import append_line
from regnet.launch_folder.plan import PLAN, Continuation, PlannedBatch, PlannedJob, append_batch, read_plan

_continuations: dict[Path, Continuation] = {}
"""How this process continues launches, by folder, until it has planned jobs that fit."""


def continue_plan(folder: Path, continuation: Continuation) -> None:
    """Continue the launch in a folder; this is recorded when `plan_jobs` finds that the jobs fit the plan."""
    _continuations[folder.absolute()] = continuation


def plan_jobs(folder: Path, jobs: Sequence[PlannedJob], workers: int, memory: int) -> list[PlannedBatch]:
    """Plan jobs, unless they are planned already, and return the batches in which their seeds were planned.

    Args:
        folder: the launch's folder. If it has no plan, nothing is written.
        jobs: the jobs, each with all its seeds.
        workers: the largest number of processes that train at once.
        memory: the bytes that all running programs may use.

    Raises:
        ConfigError: a job was planned with another study, or with seeds that it does not have now; two jobs have one folder, or
            two names for one study.
        DamagedFile: the plan is not what was written.
        OSError: it cannot be written.
    """
    plan = read_plan(folder)
    known = {} if plan is None else plan.jobs
    _check_folders(jobs)
    _check_names([*known.values(), *jobs])
    for job in jobs:
        if job.folder in known:
            _check_planned(job, known[job.folder], folder)
    left = (replace(job, seeds=_without(job.seeds, known.get(job.folder))) for job in jobs)
    new = PlannedBatch(tuple(job for job in left if job.seeds), workers, memory)
    if plan is None:
        return [new]
    if continuation := _continuations.pop(folder.absolute(), None):
        append_line(folder / PLAN, {"kind": "continuation", **asdict(continuation)})
    if new.jobs:
        append_batch(folder, new)
    folders = {job.folder for job in jobs}
    found = [replace(batch, jobs=tuple(job for job in batch.jobs if job.folder in folders)) for batch in (*plan.batches, new)]
    return [batch for batch in found if batch.jobs]


def _check_folders(jobs: Sequence[PlannedJob]) -> None:
    first: dict[str, PlannedJob] = {}
    for job in jobs:
        other = first.setdefault(job.folder, job)
        if PurePath(job.folder).is_absolute() or ".." in PurePath(job.folder).parts:
            raise ConfigError(
                f"job {job.number} has the folder {job.folder}, outside that of the launch: change hydra.sweep.subdir"
            )
        if other is not job:
            raise ConfigError(
                f"jobs {other.number} and {job.number} have the same folder, {job.folder}: set hydra.sweep.subdir to one that "
                "distinguishes them, such as its default, '${hydra.job.num}'"
            )


def _check_names(jobs: Sequence[PlannedJob]) -> None:
    first: dict[str, PlannedJob] = {}
    for job in jobs:
        other = first.setdefault(job.study, job)
        if other.folder != job.folder and other.name != job.name:
            raise ConfigError(
                f"jobs {other.number} and {job.number} are the same study, named {other.name} and {job.name}: a name makes no "
                "other study; give each job options of its own, or one name"
            )


def _check_planned(job: PlannedJob, known: PlannedJob, folder: Path) -> None:
    which = f"job {job.folder} of the launch in {folder}" if job.folder != "." else f"the launch in {folder}"
    if job.study != known.study:
        raise ConfigError(
            f"{which} was planned as study {known.study} ({known.name}), and is {job.study} ({job.name}) now: its options, or the "
            "content of its data file, are different; restore them, or start a new launch"
        )
    lost = [seed for seed in known.seeds if seed not in job.seeds]
    if lost:
        raise ConfigError(f"{which} was planned with seed {lost[0]}, which is left out now: give it at least the seeds that it had")


def _without(seeds: Sequence[int], known: PlannedJob | None) -> tuple[int, ...]:
    return tuple(seed for seed in seeds if known is None or seed not in known.seeds)
