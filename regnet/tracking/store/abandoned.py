"""Runs that are RUNNING in a store though the process that trained them was killed: the next command that opens it ends them."""

from __future__ import annotations

import logging
import time
from collections import defaultdict

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from regnet.study.result import ABANDONED
from regnet.tracking.store.silence import gave_up
from regnet.tracking.store.store import Store, TrackedRun

log = logging.getLogger("regnet")


def end_abandoned(store: Store, uri: str) -> None:
    """Mark all abandoned runs as KILLED; a store that cannot be written is left as it is.

    Raises:
        MlflowException, SQLAlchemyError: the database has not answered, and would not answer what follows.
    """
    try:
        runs = store.running_runs(store.experiments())
        reasons: dict[str, list[TrackedRun]] = defaultdict(list)
        for run in runs:
            if run.failure and run.failure.startswith(ABANDONED):
                reasons[run.failure].append(run)
        for reason, abandoned in reasons.items():
            store.kill_runs(abandoned, reason, int(time.time() * 1000))
    except (MlflowException, SQLAlchemyError, OSError) as error:
        if gave_up(uri):
            raise
        log.debug("abandoned runs cannot be ended: %s", error)
