"""Launcher: sweeps, and everything that touches Hydra's internals.

Public, for launchers of other distributions: `is_regnet_task` and `launch_in_lockstep`.

Within regnet it offers `command_line` (Hydra's flags), `driver` (Hydra, ready to run a launch), `task` (what Hydra runs for each
job), `sweep_loader` (composes the jobs of a sweep from one another), `lockstep_launch` (trains the jobs of a sweep together) and
`plan_text` (says which), `job`, `copy_config`, `interpolation` and `yaml_writer` (one job, as Hydra runs it), `objective` (the
direction of sweepers) and `progress` (the progress bar).

May import config, errors, events, gc_pause, hookspecs, registry, study, tracking, training.
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
    """Whether a launcher was given the task of `regnet run`; it loads nothing to find out."""
    module = sys.modules.get("regnet.launcher.task")  # loaded, if the task is its own
    return module is not None and task is module.train_job


def launch_in_lockstep(
    launcher: BasicLauncher, job_overrides: Sequence[Sequence[str]], first: int, *, workers: int = 0, memory: float | None = None
) -> list[JobReturn]:
    """Launches the jobs of `regnet run` for a Hydra launcher: those that are alike are trained together as one program.

    Args:
        launcher: the launcher, after its `setup`.
        job_overrides: each job's overrides.
        first: the number of the first job.
        workers: how many processes to train in; 0 for as many as there are cores.
        memory: how many GB (10⁹ bytes) the programs may take; by default half of what is free.

    Returns:
        What each job returned, in their order. A job that failed has its exception.
    """
    from regnet.launcher.lockstep_launch import Launch

    return Launch(launcher, workers, memory, first).run(job_overrides)
