"""Retries for databases that are locked, restarted or away for a while: training continues meanwhile in its own process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DBAPIError, OperationalError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from regnet.credentials import conceal, hide
from regnet.errors import StoreAway
from regnet.tracking.store.silence import gave_up

RETRY_SECONDS: Final = 100.0
"""How long a failed write is tried again: less than the training process waits for the writing process."""
LONGEST_WAIT: Final = 10.0
"""The longest time between two attempts, in seconds."""

log = logging.getLogger("regnet")
T = TypeVar("T")


def retried(uri: str, write: Callable[[], T]) -> T:
    """Call a function that can be repeated, again and again while the database fails, with a warning at the first failure.

    A database that has not answered for so long that it was given up is not tried again.

    Raises:
        MlflowException, DBAPIError, StoreAway: the last attempt failed.
    """

    def warn(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome is not None:
            error = state.outcome.exception()
            reason = str(error).partition("\n")[0]
            text = reason if isinstance(error, StoreAway) else f"the MLflow store {conceal(uri)} cannot be used: {reason}"
            log.warning("regnet: %s", hide(f"{text}; trying again for {RETRY_SECONDS:.0f} s"))

    return Retrying(
        retry=retry_if_exception(lambda error: _is_temporary(error) and not gave_up(uri)),
        wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT),
        stop=stop_after_delay(RETRY_SECONDS),
        before_sleep=warn,
        reraise=True,
    )(write)


def _is_temporary(error: BaseException) -> bool:
    """Return whether the database may be available again; MLflow's session hides its driver's error in one of its own."""
    reason = error.__cause__ if isinstance(error, MlflowException) else error
    return isinstance(reason, (OperationalError, StoreAway)) or (isinstance(reason, DBAPIError) and reason.connection_invalidated)
