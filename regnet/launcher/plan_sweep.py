"""Plan the jobs of a sweep before any of them trains, whatever launcher and sweeper it has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any, Final, cast

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import ChoiceSweep, RangeSweep
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig, open_dict

from regnet.config.overrides import parse
from regnet.errors import BadObjective, ConfigError
from regnet.launch_folder.failure import STOPPED
from regnet.launch_folder.placement import Placement
from regnet.launch_folder.plan import PlannedJob, read_plan
from regnet.launch_folder.plan_jobs import plan_jobs
from regnet.launch_folder.status import status_of
from regnet.launcher.copy_config import take_apart
from regnet.launcher.job import Job
from regnet.launcher.planning import launch_folder, planned_job
from regnet.launcher.sweep_loader import SweepLoader
from regnet.launcher.task import assemble_job
from regnet.machine import free_memory, usable_cores
from regnet.registry.catalog import load_catalog
from regnet.registry.limits import check_count

PLANS: Final = "plans_batches"
"""The attribute of a launcher that plans the jobs of each batch itself."""


@contextmanager
def planning_launchers() -> Iterator[None]:
    """Context manager in which every launcher that a sweeper gets plans the jobs of a batch before it launches them.

    When the sweeper has proposed its jobs, those that an earlier command has planned and not finished are launched too.
    """
    plugins = Plugins.instance()
    instantiate_launcher, instantiate_sweeper = plugins.instantiate_launcher, plugins.instantiate_sweeper
    launchers: list[BasicLauncher] = []

    def planning_launcher(*args: Any, **options: Any) -> Launcher:
        launcher = cast(BasicLauncher, instantiate_launcher(*args, **options))
        context = options.get("hydra_context") or args[0]
        context.callbacks.callbacks.insert(0, DropConfigs())  # the first is called last when a job ends
        launcher.placement = Placement()  # type: ignore[attr-defined]
        if not getattr(launcher, PLANS, False):
            launcher.launch = partial(_plan_and_launch, launcher)  # type: ignore[method-assign]
        launchers.append(launcher)
        return launcher

    def completing_sweeper(*args: Any, **options: Any) -> Sweeper:
        sweeper = instantiate_sweeper(*args, **options)
        propose = sweeper.sweep

        def sweep(arguments: list[str]) -> Any:
            if type(sweeper).__name__ == BasicSweeper.__name__:  # Hydra imports its plugins again
                parameters = [f"{key}={value}" for key, value in (cast(BasicSweeper, sweeper).params or {}).items()]
                check_count("the sweep's jobs", math.prod(map(_values, (*parameters, *arguments))))
            result = propose(arguments)
            if result in ([], [[]]):
                raise ConfigError("the sweep has no jobs: one of its ranges or globs has no values")
            for launcher in launchers:
                _launch_left(launcher)
            return result

        sweeper.sweep = sweep  # type: ignore[method-assign]
        return sweeper

    plugins.instantiate_launcher = planning_launcher  # type: ignore[method-assign]
    plugins.instantiate_sweeper = completing_sweeper  # type: ignore[method-assign]
    try:
        yield
    finally:
        del plugins.instantiate_launcher, plugins.instantiate_sweeper  # the methods of the class are there again


def _values(text: str) -> int:
    """The number of values that an override has in a sweep, counted without making them."""
    given = parse(text)
    found = given.value()
    if isinstance(found, RangeSweep):
        start, stop, step = (Decimal(str(bound)) for bound in (found.start or 0, found.stop, found.step))
        return max(0, math.ceil((stop - start) / step)) if step else 1
    return len(found.list) if isinstance(found, ChoiceSweep) else 1


def place_jobs(launcher: BasicLauncher, jobs: Sequence[PlannedJob]) -> list[PlannedJob]:
    """Return the jobs of a batch, each with its folder: see `Placement`."""
    assert launcher.config is not None
    return _placement(launcher).place(read_plan(launch_folder(launcher.config.hydra)), jobs)


def _placement(launcher: BasicLauncher) -> Placement:
    found = getattr(launcher, "placement", None)
    return found if isinstance(found, Placement) else Placement()


def _launch_left(launcher: BasicLauncher) -> None:
    """Launch the jobs that an earlier command has planned and not finished, and that the sweeper did not propose again."""
    assert launcher.config is not None
    folder = launch_folder(launcher.config.hydra)
    plan = read_plan(folder)
    left = {job.folder for job in _placement(launcher).left(plan)} if plan else set()
    if plan is None or not left or (folder / STOPPED).exists():
        return
    jobs = [status.job for status in status_of(plan).jobs if status.missing and status.job.folder in left]
    for job in jobs:  # one by one, since each has a number of its own
        for returned in launcher.launch([_in_folder(job.overrides, job.folder)], job.number):
            _ = returned.return_value  # raises the job's exception


def _in_folder(overrides: Sequence[str], folder: str) -> list[str]:
    return [*overrides, f"hydra.sweep.subdir='{folder}'"]


def _plan_and_launch(launcher: BasicLauncher, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
    assert launcher.config is not None
    catalog = load_catalog()
    proposed: dict[int, PlannedJob] = {}
    for index, overrides in enumerate(job_overrides):
        try:
            job = compose_job(launcher, overrides, initial_job_idx + index, launches=False)
            with job.current():
                study = assemble_job(job.task_config, catalog)
        except BadObjective:  # ends the sweep before it trains anything
            raise
        except Exception:  # the job reports it when it is launched
            continue
        proposed[index] = planned_job(study, job.hydra, job.folder)
        take_apart(job.config)
    placed = place_jobs(launcher, list(proposed.values()))
    plan_jobs(launch_folder(launcher.config.hydra), placed, usable_cores(), free_memory() // 2)
    overrides_of = dict(enumerate(job_overrides))
    for (index, before), after in zip(proposed.items(), placed, strict=True):
        if after.folder != before.folder:
            overrides_of[index] = _in_folder(overrides_of[index], after.folder)
    return type(launcher).launch(launcher, list(overrides_of.values()), initial_job_idx)


class DropConfigs(Callback):
    """Drops the configurations of a job that has run, which are in its folder too: those of a long sweep would fill the memory."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **others: Any) -> None:
        job_return.cfg = job_return.hydra_cfg = None
        take_apart(config)


def compose_job(launcher: BasicLauncher, overrides: Sequence[str], number: int, *, launches: bool = True) -> Job:
    """Compose a job of a sweep, as Hydra's launchers do; if it is not launched, its launcher gets the same configuration later."""
    assert launcher.hydra_context is not None
    assert launcher.config is not None
    loader = launcher.hydra_context.config_loader
    if isinstance(loader, SweepLoader) and not launches:
        config = loader.preview_sweep_config(launcher.config, list(overrides))
    else:
        config = loader.load_sweep_config(launcher.config, list(overrides))
    with open_dict(config):
        config.hydra.job.id = number
        config.hydra.job.num = number
    return Job(config)
