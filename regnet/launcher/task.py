"""The task that Hydra runs for each job: train one study and save its result in the job's folder."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from regnet.config.automatic import AUTO
from regnet.config.build_study import assemble
from regnet.config.compose import plain
from regnet.credentials import hide
from regnet.errors import ConfigError, Diverged, JobSkipped, RegnetError
from regnet.launch_folder.failure import STOPPED, clear_failure, write_failure
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.keeper import FolderKeeper
from regnet.launch_folder.looks import read_looks
from regnet.launch_folder.plan import read_plan
from regnet.launcher.notes import show_notes
from regnet.launcher.objective import check_objective, objective_value, optimizes
from regnet.launcher.planning import job_failure, job_folder, launch_folder, launch_name, plan_job
from regnet.launcher.progress import progress_bar
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.tracking import open_tracker
from regnet.tracking.store.uri import destination
from regnet.training.lockstep import refuse_if_all_diverged, run_study
from regnet.training.program import reason_of


def train_job(config: DictConfig) -> float:
    """Train the study that a job's configuration describes, and save its result in the job's folder.

    Seeds that an earlier process has finished in this folder are not trained again. Relative paths are those of the launch's
    working directory; with ``hydra.job.chdir=true``, the plugins' hooks run in the job's folder.

    Returns the value for sweepers that optimize: see `objective_value`.

    Raises:
        RegnetError: the study cannot be built, trained or tracked, or its sweeper must not optimize it: see `check_objective`.
    """
    hydra = HydraConfig.get()
    with chdir(str(hydra.runtime.cwd)), recording_failure():
        catalog = load_catalog()
        study = assemble_job(config, catalog)
        batches = plan_job(study, hydra)
        keeper = FolderKeeper([study], [job_folder(hydra)], read_plan(launch_folder(hydra)))
        with listening([study], catalog, hydra) as listeners:
            result = run_study(study, listeners, batches=batches, keeper=keeper)
            return keep_result(result)  # before the tracker closes, which may fail


@contextmanager
def recording_failure() -> Iterator[None]:
    """Context manager for Hydra's current job that writes into its folder why it failed, and its traceback into its log.

    Raises:
        JobSkipped: another job has failed, and `on_failure` is stop.
    """
    hydra = HydraConfig.get()
    folder = job_folder(hydra)
    launch = launch_folder(hydra)
    clear_failure(folder)
    if (launch / STOPPED).exists():
        raise JobSkipped("the job was not run, since another one failed and on_failure is stop")
    try:
        yield
    except JobSkipped:
        raise
    except Exception as error:
        with suppress(OSError):  # the disk may be what failed
            write_failure(folder, job_failure(hydra, reason_of(error).splitlines()[-1], _log_failure(error)))
        if not isinstance(error, Diverged):
            stop_if_asked(launch)
        raise


def stop_if_asked(launch: Path) -> None:
    """Start no other job of a launch, if its `on_failure` is stop."""
    plan = read_plan(launch)
    if plan is not None and plan.settings.on_failure == "stop":
        (launch / STOPPED).touch()


def _log_failure(error: Exception) -> str | None:
    """Write an error to the job's log file, with its traceback unless it is a user's mistake; return the file."""
    files = [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.FileHandler)]
    record = logging.LogRecord("regnet", logging.ERROR, __file__, 0, "%s", (reason_of(error),), None)
    if not isinstance(error, RegnetError):
        record.exc_text = hide("".join(traceback.format_exception(error)))
    for handler in files:
        handler.handle(record)
    return os.path.relpath(files[0].baseFilename) if files else None


def assemble_job(config: DictConfig, catalog: Catalog) -> Study:
    """Return the study of Hydra's current job.

    Raises:
        BadObjective: its sweeper must not optimize it.
        RegnetError: it cannot be built.
    """
    values = plain(config)
    if values["tracking"]["name"] == "mlflow":
        destination(values["tracking"])  # what the configuration names may be written later, from the results
    study = assemble(values, catalog)
    if values["seeds"] == AUTO:
        looks = read_looks(launch_folder(HydraConfig.get()))
        if looks is None:
            raise ConfigError("seeds=auto is for a whole launch, and not for some of its jobs: set it once on the command line")
        study = replace(study, seeds=tuple(range(values["seed"], values["seed"] + looks.seeds_of(study.identity))))
    check_objective(study, HydraConfig.get())
    return study


@contextmanager
def listening(studies: Sequence[Study], catalog: Catalog, hydra: HydraConf) -> Iterator[Listeners]:
    """Context manager that registers the listeners of a launch: plugins, a progress bar and the tracker.

    Raises:
        TrackingError: the runs cannot be written.
    """
    manager = catalog.plugins.manager
    show_notes(launch_folder(hydra), studies)
    with progress_bar(studies, manager), open_tracker(manager, launch_name(hydra), launch_folder(hydra)):
        yield Listeners(catalog.plugins, job_folder(hydra) if hydra.job.chdir else None)


def keep_result(result: StudyResult) -> float:
    """Save the result in the folder of Hydra's current job, and print which seeds failed.

    Returns the value for sweepers that optimize: see `objective_value`.

    Raises:
        Diverged: every seed failed. If all diverged, a sweeper that optimizes gets the worst value instead, and continues.
    """
    hydra = HydraConfig.get()
    JobFolder(job_folder(hydra)).finish(result)
    for seed, reason in result.failures.items():
        Console(stderr=True).print(f"regnet: {result.name}: seed {seed} {reason}", style="yellow", soft_wrap=True, highlight=False)
    if result.faults:
        stop_if_asked(launch_folder(hydra))
    if result.faults or not optimizes(hydra):
        refuse_if_all_diverged(result)
    return objective_value(result)
