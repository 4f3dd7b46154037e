"""Launch regnet's jobs: compose all, train similar jobs together, and run each when its outcome is known."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.utils import JobReturn, configure_log, filter_overrides, run_job, setup_globals

from regnet.errors import BadObjective
from regnet.gc_pause import making_what_stays, uncollected
from regnet.launch_folder.failure import STOPPED
from regnet.launch_folder.keeper import FolderKeeper
from regnet.launch_folder.plan import PlannedBatch, PlannedJob, read_plan
from regnet.launch_folder.plan_jobs import plan_jobs
from regnet.launcher.job import Job
from regnet.launcher.job_logging import JobLogging
from regnet.launcher.plan_sweep import compose_job, place_jobs
from regnet.launcher.plan_text import describe
from regnet.launcher.planning import launch_folder, planned_job, training_batches
from regnet.launcher.task import assemble_job, keep_result, listening, recording_failure
from regnet.launcher.yaml_writer import YamlWriter
from regnet.machine import free_memory, usable_cores
from regnet.registry.catalog import load_catalog
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import Group, plan, run_together

log = logging.getLogger(__name__)

GIGABYTE = 10**9
OWN_ENVIRONMENT = "hydra.job.chdir or hydra.job.env_set is set"


class Launch:
    """One launch of jobs whose task is `regnet.launcher.task.train_job`.

    Args:
        launcher: the launcher, after its `setup`.
        workers: the number of processes that train at the same time; 0 is the number of cores.
        memory: the memory in GB that the running programs may use; None is half of the free memory.
        first: the number of the first job.
    """

    def __init__(self, launcher: BasicLauncher, workers: int, memory: float | None, first: int) -> None:
        assert launcher.config is not None
        assert launcher.hydra_context is not None
        assert launcher.task_function is not None
        self.launcher = launcher
        self.config = launcher.config
        self.context = launcher.hydra_context
        self.task = launcher.task_function
        self.workers = workers
        self.memory = int(memory * GIGABYTE) if memory else None
        self.first = first
        self.writer = YamlWriter()
        self.logging = JobLogging()

    def run(self, job_overrides: Sequence[Sequence[str]]) -> list[JobReturn]:
        """Run the jobs and return their results, in order.

        A job that cannot be built, diverges or fails has its own exception, and the other jobs continue. Ctrl-C stops the launch
        and keeps the completed jobs.
        """
        setup_globals()
        self._log_as_launch()
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        log.info(f"Launching {len(job_overrides)} jobs in lockstep")
        try:
            return self._run_all(job_overrides)
        finally:
            gc.unfreeze()

    def _run_all(self, job_overrides: Sequence[Sequence[str]]) -> list[JobReturn]:
        with making_what_stays():
            jobs = {
                index: compose_job(self.launcher, overrides, self.first + index) for index, overrides in enumerate(job_overrides)
            }
        returns: dict[int, JobReturn] = {}
        with closing(self._outcomes(jobs)) as outcomes:  # an exception here ends the training at once
            for index, outcome in outcomes:
                log.info(f"\t#{self.first + index} : {' '.join(filter_overrides(job_overrides[index]))}")
                returns[index] = self._run(jobs.pop(index), outcome)
                if self._is_stopped():
                    break
        for index, job in jobs.items():
            returns[index] = self._run(job, _skip)
        return [returns[index] for index in sorted(returns)]

    def _outcomes(self, jobs: Mapping[int, Job]) -> Generator[tuple[int, Callable[[], float] | None], None, None]:
        """The index and the outcome of each job, as soon as it is known; None for a job that has to run separately."""
        catalog = load_catalog()
        studies: dict[int, Study] = {}
        errors: dict[int, Exception] = {}
        numbers = range(self.first, self.first + len(jobs))
        for index, job in jobs.items():
            try:
                with job.current(), making_what_stays():
                    studies[index] = assemble_job(job.task_config, catalog)
            except BadObjective:  # ends the sweep before it trains anything
                raise
            except Exception as error:  # any other exception is the job's outcome
                errors[index] = error
        planned, batches = self._plan(studies, jobs)
        apart = [index for index in studies if jobs[index].needs_its_own_environment]
        indices = [index for index in studies if index not in apart]
        together = [studies[index] for index in indices]
        folders = [jobs[index].folder for index in indices]
        shared = training_batches(batches, {planned[index].folder: position for position, index in enumerate(indices)})
        yield from ((index, partial(_finish, error)) for index, error in errors.items())
        if together:
            for line in describe(plan(together), [self.first + index for index in indices]):
                log.info(line)
            keeper = FolderKeeper(together, folders, read_plan(launch_folder(self.config.hydra)))
            with listening(together, catalog, self.config.hydra) as listeners:
                for position, outcome in run_together(together, listeners, self.workers, batches=shared, keeper=keeper):
                    yield indices[position], partial(_finish, outcome)
        for line in describe([Group((index,), OWN_ENVIRONMENT) for index in apart], numbers):
            log.info(line)
        yield from ((index, None) for index in apart)

    def _plan(self, studies: Mapping[int, Study], jobs: Mapping[int, Job]) -> tuple[dict[int, PlannedJob], list[PlannedBatch]]:
        """Plan the jobs, give them their folders, and return in which batches their seeds are trained."""
        proposed = [planned_job(study, jobs[index].hydra, jobs[index].folder) for index, study in studies.items()]
        placed = place_jobs(self.launcher, proposed)
        for index, before, job in zip(studies, proposed, placed, strict=True):
            if job.folder != before.folder:
                jobs[index].move(job.folder)
        memory = self.memory or free_memory() // 2
        batches = plan_jobs(launch_folder(self.config.hydra), placed, self.workers or usable_cores(), memory)
        return dict(zip(studies, placed, strict=True)), batches

    def _run(self, job: Job, outcome: Callable[[], float] | None) -> JobReturn:
        """Run a job whose outcome is known, or one that has to run separately."""
        with uncollected(), self._job_logging():
            if outcome is None:
                return run_job(self.task, job.config, "hydra.sweep.dir", "hydra.sweep.subdir", self.context)
            return job.run(outcome, self.task, self.context, writer=self.writer, logging=self.logging)

    @contextmanager
    def _job_logging(self) -> Iterator[None]:
        """Context manager that lets a job configure logging and restores the launch's logging on exit."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        yield
        if all(type(handler) is logging.StreamHandler for handler in handlers):  # these still work after close()
            for handler in root.handlers:
                handler.close()
            root.handlers, root.level = handlers, level
        else:
            self._log_as_launch()

    def _is_stopped(self) -> bool:
        return (launch_folder(self.config.hydra) / STOPPED).exists()

    def _log_as_launch(self) -> None:
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)


def _finish(outcome: StudyResult | Exception) -> float:
    """Do what `train_job` does after training its study."""
    with recording_failure():
        if isinstance(outcome, Exception):
            raise outcome
        return keep_result(outcome)


def _skip() -> float:
    """Do what `train_job` does if another job has failed."""
    with recording_failure():
        raise AssertionError("the launch has stopped")
