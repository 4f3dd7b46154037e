"""Tracking: a listener that writes down every run, where people can look at it later."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pluggy

from regnet.errors import ConfigError, one_of

NAMES = ("mlflow", "none")


@contextmanager
def open_tracker(config: Mapping[str, Any], manager: pluggy.PluginManager, launch: str) -> Iterator[None]:
    """Within, the study's events are tracked as `config["tracking"]` says; `launch` names what was started together.

    Raises:
        ConfigError: there is no such way of tracking.
        TrackingError: the store cannot be reached or written.
    """
    options = config["tracking"]
    match options.get("name"):
        case "none":
            yield
        case "mlflow":
            quiet_mlflow()
            from regnet.tracking.tracker import MlflowTracker

            tracker = MlflowTracker(options, launch)
            manager.register(tracker, "regnet-mlflow")
            try:
                yield
            finally:
                manager.unregister(tracker)
        case other:
            raise ConfigError(f"unknown tracking {other!r}: {one_of(str(other), NAMES)}")


def quiet_mlflow() -> None:
    """Turns MLflow's telemetry and chatter off, unless the user has turned them on; call it before MLflow is imported."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    logging.getLogger("alembic").setLevel(logging.WARNING)
