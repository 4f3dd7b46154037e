"""Tracking: write every run to MLflow, read the runs back, and show them in MLflow's UI.

Offers `open_tracker` and `quiet_mlflow`; `tracker` (the listener), `sync` (writes what a store misses), `records` (what both send),
`store/` (MLflow's stores), `write/` (writes runs, in a separate process), `read/` (reads runs) and `ui/` (MLflow's UI).

May import config, credentials, data, engines, events, gc_pause, hookspecs, launch_folder, machine, processes, registry, serving,
stats, study, training.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from regnet.errors import TrackingError
from regnet.launch_folder.owner import forget_writer
from regnet.launch_folder.plan import LaunchName, Plan

if TYPE_CHECKING:
    from regnet.registry.catalog import Catalog
    from regnet.tracking.tracker import MlflowTracker

UNSYNCED = "unsynced"
"""The file in a launch's folder that shows that a store misses runs of it."""

log = logging.getLogger("regnet")


@contextmanager
def open_tracker(manager: pluggy.PluginManager, launch: str | LaunchName, folder: Path | None = None) -> Iterator[None]:
    """Context manager that tracks the events of studies, each as its configuration says, and writes everything on exit.

    If a store is away, this is no error: the launch's folder is marked, so that the runs can be written later.

    Args:
        manager: the plugin manager that the tracker is registered with.
        launch: the names of the launch, shared by the studies that are started together.
        folder: the launch's folder.

    Raises:
        ConfigError: the configuration of a study asks for unknown tracking.
        TrackingError: a store can never be used, such as one whose folder does not exist.
    """
    from regnet.tracking.tracker import MlflowTracker

    tracker = MlflowTracker(LaunchName.of(launch), folder)
    manager.register(tracker, "regnet-mlflow")
    try:
        yield
    except BaseException:
        try:
            _close(tracker, folder)
        except TrackingError as error:  # the exception that ended the study is more important
            log.warning("%s", error)
        raise
    finally:
        manager.unregister(tracker)
    _close(tracker, folder)


def _close(tracker: MlflowTracker, folder: Path | None) -> None:
    complete = tracker.close()
    if folder is not None:
        forget_writer(folder)
        if not complete:
            (folder / UNSYNCED).touch()


def sync_if_needed(plan: Plan, catalog: Catalog) -> None:
    """Write what stores miss of a launch, if it was continued or a store was away; MLflow is imported only then.

    Raises:
        TrackingError: a store cannot be reached or written.
    """
    if plan.continuations or (plan.folder / UNSYNCED).exists():
        quiet_mlflow()
        from regnet.tracking.sync import sync_launch

        sync_launch(plan, catalog)


def quiet_mlflow() -> None:
    """Disable MLflow's telemetry and most of its output, unless the user has enabled them; call this before importing MLflow.

    Requests to a server that does not answer fail after two minutes instead of fifteen.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it logs a traceback of every exception that it raises
