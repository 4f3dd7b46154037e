"""The plan of a launch, for the jobs that Hydra runs: what a job is in it, and how its seeds are trained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import OmegaConf

from regnet.credentials import hide
from regnet.launch_folder.failure import JobFailure
from regnet.launch_folder.plan import LaunchName, PlannedBatch, PlannedJob, read_plan
from regnet.launch_folder.plan_jobs import plan_jobs
from regnet.machine import free_memory, usable_cores
from regnet.study.study import Study
from regnet.training.lockstep import Batch
from regnet.training.program import StudySlice


def launch_folder(hydra: HydraConf) -> Path:
    """The folder of the launch that a job belongs to."""
    folder = hydra.sweep.dir if hydra.mode == RunMode.MULTIRUN else hydra.run.dir
    return Path(os.path.abspath(Path(str(hydra.runtime.cwd), str(folder))))  # noqa: PTH100 - does not resolve links


def job_folder(hydra: HydraConf) -> Path:
    """The folder of Hydra's current job."""
    return Path(hydra.runtime.output_dir)


def launch_name(hydra: HydraConf) -> LaunchName:
    """The names of the launch that a job belongs to: those of its plan, even if its folder was moved since."""
    plan = read_plan(launch_folder(hydra))
    return plan.name if plan else LaunchName.of(str(hydra.sweep.dir if hydra.mode == RunMode.MULTIRUN else hydra.run.dir))


def planned_job(study: Study, hydra: HydraConf, folder: Path) -> PlannedJob:
    """What the plan says about a job, given its study and its folder."""
    number, relative, overrides = _names(hydra, folder)
    return PlannedJob(number, relative, study.name, study.identity, study.seeds, overrides)


def job_failure(hydra: HydraConf, error: str, log: str | None) -> JobFailure:
    """What is kept about Hydra's current job if it fails."""
    return JobFailure(*_names(hydra, job_folder(hydra)), error, log)


def _names(hydra: HydraConf, folder: Path) -> tuple[int, str, tuple[str, ...]]:
    """The number of a job, its folder relative to the launch's, and its overrides."""
    relative = os.path.relpath(folder, launch_folder(hydra))
    number = 0 if OmegaConf.is_missing(hydra.job, "num") else int(hydra.job.num)
    given = cast(list[str], OmegaConf.to_container(hydra.overrides.task, resolve=False))
    overrides = tuple(hide(override) for override in given)
    return int(relative) if relative.isdecimal() else number, relative, overrides


def plan_job(study: Study, hydra: HydraConf) -> list[Batch]:
    """Plan a job that trains alone, unless it is planned already, and return how its seeds are trained.

    Raises:
        ConfigError: it was planned with another study, or with seeds that it does not have now.
        DamagedFile: the plan is not what was written.
    """
    job = planned_job(study, hydra, job_folder(hydra))
    batches = plan_jobs(launch_folder(hydra), [job], usable_cores(), free_memory() // 2)
    return training_batches(batches, {job.folder: 0}, study.workers)


def training_batches(batches: Sequence[PlannedBatch], jobs: Mapping[str, int], workers: int = 0) -> list[Batch]:
    """The planned batches for training.

    Args:
        batches: the batches.
        jobs: the index of each study among those that are trained together, by its job's folder.
        workers: the largest number of processes that train at once; by default as planned.
    """
    slices = [tuple(StudySlice(jobs[job.folder], job.seeds) for job in batch.jobs if job.folder in jobs) for batch in batches]
    return [Batch(found, workers or batch.workers, batch.memory) for found, batch in zip(slices, batches, strict=True) if found]
