"""Plan the jobs of a sweep before any of them trains, whatever launcher and sweeper it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, open_dict

from regnet.launch_folder.plan import plan_jobs
from regnet.launcher.copy_config import take_apart
from regnet.launcher.job import Job
from regnet.launcher.planning import launch_folder, planned_job
from regnet.launcher.sweep_loader import SweepLoader
from regnet.launcher.task import assemble_job
from regnet.machine import free_memory, usable_cores
from regnet.registry.catalog import load_catalog

PLANS: Final = "plans_batches"
"""The attribute of a launcher that plans the jobs of each batch itself."""


@contextmanager
def planning_launchers() -> Iterator[None]:
    """Context manager in which every launcher that a sweeper gets plans the jobs of a batch before it launches them."""
    plugins = Plugins.instance()
    instantiate = plugins.instantiate_launcher

    def instantiate_planning(*args: Any, **options: Any) -> Launcher:
        launcher = instantiate(*args, **options)
        context = options.get("hydra_context") or args[0]
        context.callbacks.callbacks.insert(0, DropConfigs())  # the first is called last when a job ends
        if not getattr(launcher, PLANS, False):
            launcher.launch = partial(_plan_and_launch, cast(BasicLauncher, launcher))  # type: ignore[method-assign]
        return launcher

    plugins.instantiate_launcher = instantiate_planning  # type: ignore[method-assign]
    try:
        yield
    finally:
        del plugins.instantiate_launcher  # the method of the class is there again


def _plan_and_launch(launcher: BasicLauncher, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
    assert launcher.config is not None
    catalog = load_catalog()
    planned = []
    for number, overrides in enumerate(job_overrides, start=initial_job_idx):
        try:
            job = compose_job(launcher, overrides, number, launches=False)
            with job.current():
                study = assemble_job(job.task_config, catalog)
        except Exception:  # the job reports it when it is launched
            continue
        planned.append(planned_job(study, job.hydra, job.folder))
        take_apart(job.config)
    plan_jobs(launch_folder(launcher.config.hydra), planned, usable_cores(), free_memory() // 2)
    return type(launcher).launch(launcher, job_overrides, initial_job_idx)


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
