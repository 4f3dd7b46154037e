"""Launcher: sweeps, and the jobs that Hydra runs.

Public, for launchers in other distributions: `is_regnet_task` and `launch_in_lockstep`.

Internal modules: `command_line` (Hydra's flags), `driver` (runs a launch with Hydra), `resume` (the launch that a command starts or
continues), `task` (the task of each job), `sweep_loader` (composes the jobs of a sweep), `plan_sweep` and `planning` (plan the jobs
before they train), `lockstep_launch` (trains the jobs of a sweep together), `plan_text` (lists the groups of jobs), `job`,
`copy_config`, `interpolation` and `yaml_writer` (one job, as Hydra runs it), `objective` (what sweepers optimize) and `progress`
(the progress bar).

May import config, credentials, errors, events, gc_pause, hookspecs, launch_folder, machine, registry, study, tracking, training.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra._internal.core_plugins.basic_launcher import BasicLauncher
    from hydra.core.utils import JobReturn
    from hydra.types import TaskFunction

__all__ = ["is_regnet_task", "launch_in_lockstep"]


def is_regnet_task(task: TaskFunction | None) -> bool:
    """Whether the task of a launcher is that of `regnet run`; loads no modules."""
    module = sys.modules.get("regnet.launcher.task")  # already loaded if the task is regnet's
    return module is not None and task is module.train_job


def launch_in_lockstep(
    launcher: BasicLauncher, job_overrides: Sequence[Sequence[str]], first: int, *, workers: int = 0, memory: float | None = None
) -> list[JobReturn]:
    """Launch the jobs of `regnet run` for a Hydra launcher, and train similar jobs together as one program.

    The jobs are planned here, before they train. A launcher that calls this sets the attribute `plans_batches` to true, so that
    they are not planned twice.

    Args:
        launcher: the launcher, after its `setup`.
        job_overrides: each job's overrides.
        first: the number of the first job.
        workers: the number of processes that train at the same time; 0 is the number of cores.
        memory: the memory in GB (10⁹ bytes) that the running programs may use; by default half of the free memory.

    Returns:
        What each job returned, in the order of the jobs; for a job that failed, its exception.
    """
    from regnet.launcher.lockstep_launch import Launch

    return Launch(launcher, workers, memory, first).run(job_overrides)
