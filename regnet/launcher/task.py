"""The task that Hydra runs for each job: train one study and save its result in the job's folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from regnet.config.build_study import assemble
from regnet.config.compose import plain
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.keeper import FolderKeeper
from regnet.launch_folder.plan import read_plan
from regnet.launcher.objective import check_objective
from regnet.launcher.planning import job_folder, launch_folder, launch_name, plan_job
from regnet.launcher.progress import progress_bar
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.study.final import final_summary
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.tracking import open_tracker
from regnet.training.lockstep import refuse_if_all_diverged, run_study


def train_job(config: DictConfig) -> float:
    """Train the study that a job's configuration describes, and save its result in the job's folder.

    Seeds that an earlier process has finished in this folder are not trained again.

    Returns the mean of the final headline metric over the seeds, for sweepers that optimize it.

    Raises:
        RegnetError: the study cannot be built, trained or tracked, or its sweeper optimizes in the wrong direction.
    """
    catalog = load_catalog()
    study = assemble_job(config, catalog)
    hydra = HydraConfig.get()
    batches = plan_job(study, hydra)
    keeper = FolderKeeper([study], [job_folder(hydra)], read_plan(launch_folder(hydra)))
    with listening([study], catalog, hydra) as listeners:
        return keep_result(run_study(study, listeners, batches=batches, keeper=keeper))  # before the tracker closes, which may fail


def assemble_job(config: DictConfig, catalog: Catalog) -> Study:
    """Return the study of Hydra's current job.

    Raises:
        RegnetError: it cannot be built, or its sweeper optimizes in the wrong direction.
    """
    study = assemble(plain(config), catalog)
    check_objective(study, HydraConfig.get())
    return study


@contextmanager
def listening(studies: Sequence[Study], catalog: Catalog, hydra: HydraConf) -> Iterator[Listeners]:
    """Context manager that registers the listeners of a launch: plugins, a progress bar and the tracker.

    Raises:
        TrackingError: the runs cannot be written.
    """
    manager = catalog.plugins.manager
    with progress_bar(studies, manager), open_tracker(manager, launch_name(hydra), launch_folder(hydra)):
        yield Listeners(catalog.plugins)


def keep_result(result: StudyResult) -> float:
    """Save the result in the folder of Hydra's current job, and print which seeds failed.

    Returns the mean of the final headline metric over the seeds.

    Raises:
        Diverged: every seed failed.
    """
    JobFolder(job_folder(HydraConfig.get())).finish(result)
    for seed, reason in result.failures.items():
        Console(stderr=True).print(f"regnet: {result.name}: seed {seed} {reason}", style="yellow", soft_wrap=True, highlight=False)
    refuse_if_all_diverged(result)
    summary = final_summary(result, result.headline)
    return float("nan") if summary is None else summary.mean
