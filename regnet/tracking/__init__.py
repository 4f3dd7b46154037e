"""Tracking: a listener that writes down every run, where people can look at it later."""

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
    """Within, each study's events are tracked as its own configuration says; `launch` names what was started together.

    On leaving, everything is written.

    Raises:
        ConfigError: a study wants to be tracked in a way that there is not.
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
        except TrackingError as error:  # what ended the study is worth more than this
            log.warning("%s", error)
        raise
    finally:
        manager.unregister(tracker)
    tracker.close()


def quiet_mlflow() -> None:
    """Turns MLflow's telemetry and chatter off, unless the user has turned them on; call it before MLflow is imported.

    A server that does not answer is given up after two minutes, rather than after a quarter of an hour.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it logs a traceback of what it raises as well
