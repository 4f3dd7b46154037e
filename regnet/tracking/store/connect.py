"""Connect to an MLflow store, and set up a new one."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from platformdirs import user_cache_path
from sqlalchemy.exc import SQLAlchemyError
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from regnet.credentials import conceal, hide
from regnet.errors import StoreAway
from regnet.tracking.store.abandoned import end_abandoned
from regnet.tracking.store.client_store import REQUESTS, ClientStore
from regnet.tracking.store.relocate import relocate
from regnet.tracking.store.retry import retried
from regnet.tracking.store.silence import limit_answers
from regnet.tracking.store.sql_store import SqlStore
from regnet.tracking.store.sql_tables import sql_store
from regnet.tracking.store.sqlite_template import is_blank, set_up
from regnet.tracking.store.store import Store
from regnet.tracking.store.uri import SQLITE, check_store, is_database, is_server, store_uri, unusable

__all__ = ["connect", "store_of", "store_uri", "tracking_errors"]

LOCK = fcntl.LOCK_EX | fcntl.LOCK_NB
LOCK_SECONDS = 60
"""Maximum time to wait for another process that sets up the same store, which takes MLflow ten seconds."""

log = logging.getLogger("regnet")


def connect(given: object = None, *, create: bool = True) -> Store:
    """Open a store, and end the runs in it that were abandoned; several processes may do so at the same time.

    Args:
        given: the address of the store; by default that of `store_uri`.
        create: whether to set up a store that does not exist.

    Raises:
        TrackingError: the store cannot be reached, opened or written.
    """
    uri = store_uri(given)
    check_store(uri, create=create)
    if is_database(uri):
        limit_answers(uri)
    with tracking_errors(uri):
        store = _open(uri)
        end_abandoned(store, uri)
    return store


def _open(uri: str) -> Store:
    if is_server(uri):
        return ClientStore(MlflowClient(uri), REQUESTS)
    if not uri.startswith(SQLITE):
        with _locked(user_cache_path("regnet", ensure_exists=True), uri):
            client = MlflowClient(uri)
            retried(uri, lambda: client.search_experiments(max_results=1))  # makes the tables
            return retried(uri, lambda: store_of(client))
    path = Path(uri.removeprefix(SQLITE))
    with _locked(path.parent, uri), chdir(path.parent):  # where MLflow keeps artifacts
        if is_blank(path):
            set_up(path)
        client = MlflowClient(uri)
    retried(uri, lambda: client.search_experiments(max_results=1))  # another process may have locked it
    if (tables := sql_store(client)) is not None:
        relocate(tables, path.parent)
    return store_of(client)


def store_of(client: MlflowClient) -> Store:
    """Return the store of an MLflow client; it uses the SQL tables if they are accessible and have the expected columns."""
    tables, public = sql_store(client), ClientStore(client)
    return public if tables is None else SqlStore(tables, public)


@contextmanager
def _locked(folder: Path, uri: str) -> Iterator[None]:
    """Context manager that prevents other processes from setting up the store: it locks a folder, which leaves no file.

    On a file system without locks, nothing is prevented.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder, uri)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, uri: str) -> None:
    busy = retry_if_exception_type(BlockingIOError)
    try:
        Retrying(retry=busy, wait=wait_fixed(0.05), stop=stop_after_delay(LOCK_SECONDS))(fcntl.flock, descriptor, LOCK)
    except RetryError:
        message = f"another process has locked {folder} for {LOCK_SECONDS} s: end that process"
        raise StoreAway(hide(f"the MLflow store {conceal(uri)} cannot be used: {message}")) from None
    except OSError as error:
        log.debug("%s cannot be locked: %s", folder, error)


@contextmanager
def tracking_errors(uri: str) -> Iterator[None]:
    """Context manager that converts errors of MLflow, its database or the network to a TrackingError of one line."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:  # a database's driver may be missing
        raise unusable(uri, error) from error
