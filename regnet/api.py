"""regnet from Python: `regnet run` as a function that returns the result."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from regnet.config.automatic import AUTO
from regnet.config.build_study import assemble
from regnet.config.compose import compose_launch_config
from regnet.config.overrides import quoted
from regnet.errors import ConfigError, StoreAway
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.keeper import FolderKeeper
from regnet.launch_folder.owner import owned
from regnet.launch_folder.plan import PlannedJob, read_plan
from regnet.launch_folder.plan_jobs import plan_jobs
from regnet.launcher.notes import show_notes
from regnet.launcher.planning import training_batches
from regnet.launcher.resume import Command, open_launch
from regnet.machine import free_memory, usable_cores
from regnet.registry.catalog import load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.selection import policy_of
from regnet.study.result import StudyResult
from regnet.tracking import open_tracker, sync_if_needed
from regnet.training.lockstep import run_study

log = logging.getLogger("regnet")


def run(overrides: Sequence[str] = (), data: Any = None, target: str | None = None) -> StudyResult:
    """Train what the overrides describe, as `regnet run` does, and return the result.

    >>> result = run(["optimizer=adam", "seeds=5", "epochs=1", "tracking=none"])
    >>> result.history["test/error_rate"].shape
    (5, 1)

    Its folder, by default ``outputs/DATE/TIME``, has the result and its plan, so that ``resume=true`` or `regnet resume` continues
    what was interrupted.

    Args:
        overrides: Hydra overrides, one string each; ``tracking=none`` trains without MLflow.
        data: examples in place of a named data set: a frame; a pair of inputs ``(N, F)`` and class numbers or values ``(N,)``, as
            arrays, tensors or lists; or a torch data set of such pairs. They are kept in ``outputs/data``, in a file called by the
            hash of its content, and read by the data set `table`, whose options can be overridden: ``dataset.test_share=0.5``.
        target: the column of a frame to predict.

    Raises:
        RegnetError: the configuration is wrong, or the data are. A seed that diverges is not an error: see `StudyResult.failures`.
    """
    _check(overrides)
    if data is not None or target is not None:
        overrides = [*_given(data, target, overrides), *overrides]
    with policy_of(overrides):
        return _run(overrides)


def _given(data: Any, target: str | None, overrides: Sequence[str]) -> list[str]:
    """The overrides that name the file of the given data."""
    from regnet.table.given import keep  # importing pandas takes half a second

    if any(override.lstrip("+~").startswith("dataset=") for override in overrides):
        raise ConfigError("regnet.run takes data, or a data set by its name with dataset=NAME: leave out one of them")
    if data is None:
        raise ConfigError("target names a column of data: give data too, or set dataset.target")
    options = keep(data, target)
    return [f"dataset={options.pop('name')}", *(f"dataset.{name}={quoted(value)}" for name, value in options.items())]


def _run(overrides: Sequence[str]) -> StudyResult:
    catalog = load_catalog()
    catalog.refuse_broken_files()
    for broken in catalog.broken:
        log.warning("%s", broken)
    config, settings, folder = compose_launch_config(overrides, catalog)
    if config["seeds"] == AUTO:
        raise ConfigError("regnet.run trains one study, and seeds=auto compares the studies of a sweep: set seeds=20")
    study = assemble(config, catalog)
    given = any(override.startswith("hydra.run.dir") for override in overrides)
    folder = open_launch(Command(overrides, False, folder, given, settings, config["tracking"]), catalog.plugins)
    show_notes(folder, [study], stderr=True)
    plan = read_plan(folder)
    assert plan is not None
    job = PlannedJob(0, ".", study.name, study.identity, study.seeds)
    with owned(folder):
        batches = training_batches(plan_jobs(folder, [job], usable_cores(), free_memory() // 2), {".": 0}, study.workers)
        plan = read_plan(folder) or plan  # with its continuation
        keeper = FolderKeeper([study], [folder], plan)
        with open_tracker(catalog.plugins.manager, plan.name, folder):
            result = run_study(study, Listeners(catalog.plugins), batches=batches, keeper=keeper)
            JobFolder(folder).finish(result)
    if config["tracking"]["name"] == "mlflow":
        try:
            sync_if_needed(plan, catalog)
            from regnet.tracking.write.summary import write_summaries

            write_summaries([result], plan.name)
        except StoreAway as error:
            log.warning("regnet: %s; the result is in %s, and `regnet sync` writes it to the store", error, folder)
    return result


def _check(overrides: Sequence[str]) -> None:
    if isinstance(overrides, str) or not isinstance(overrides, Sequence) or not all(isinstance(word, str) for word in overrides):
        raise ConfigError(f"regnet.run takes a list of overrides, such as regnet.run(['seeds=20']); got {overrides!r:.100}")
    flags = [override for override in overrides if override.startswith("-")]
    if flags:
        raise ConfigError(
            f"regnet.run takes overrides such as epochs=20, got {flags[0]!r}: sweeps and flags are for the command line"
        )
