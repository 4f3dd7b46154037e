"""Tracking: write every run to MLflow, read the runs back, and show them in MLflow's UI.

Offers `open_tracker` and `quiet_mlflow`; `tracker` (the listener), `store/` (MLflow's stores), `write/` (writes runs, in a separate
process), `read/` (reads runs) and `ui/` (MLflow's UI).

May import config, data, events, gc_pause, hookspecs, machine, processes, registry, serving, stats, study.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pluggy

from regnet.errors import TrackingError

log = logging.getLogger("regnet")


@contextmanager
def open_tracker(manager: pluggy.PluginManager, launch: str) -> Iterator[None]:
    """Context manager that tracks the events of studies, each as its configuration says, and writes everything on exit.

    Args:
        manager: the plugin manager that the tracker is registered with.
        launch: the name of the launch, shared by the studies that are started together.

    Raises:
        ConfigError: the configuration of a study asks for unknown tracking.
        TrackingError: a store cannot be reached or written.
    """
    from regnet.tracking.tracker import MlflowTracker

    tracker = MlflowTracker(launch)
    manager.register(tracker, "regnet-mlflow")
    try:
        yield
    except BaseException:
        try:
            tracker.close()
        except TrackingError as error:  # the exception that ended the study is more important
            log.warning("%s", error)
        raise
    finally:
        manager.unregister(tracker)
    tracker.close()


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
