"""The MLflow store: connecting to it, setting it up once, and finding the experiment."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from regnet.errors import TrackingError
from regnet.tracking.store.client_store import REQUESTS, ClientStore
from regnet.tracking.store.passwords import without_password
from regnet.tracking.store.silence import limit_answers
from regnet.tracking.store.sql_store import SqlStore
from regnet.tracking.store.sql_tables import sql_store
from regnet.tracking.store.sqlite_template import is_blank, set_up
from regnet.tracking.store.store import Store
from regnet.tracking.store.uri import SQLITE, check_store, is_database, is_server, store_uri, unusable

__all__ = ["connect", "store_of", "store_uri", "tracking_errors"]

LOCK_SECONDS = 60
"""How long another process may take to set up the same store: MLflow takes ten seconds."""


def connect(given: object = None, *, create: bool = True) -> Store:
    """The store, which is set up if it is new and `create` is true; several processes may do so at once.

    Raises:
        TrackingError: it cannot be reached, opened or written.
    """
    uri = store_uri(given)
    check_store(uri, create=create)
    if is_database(uri):
        limit_answers(uri)
    with tracking_errors(uri):
        if is_server(uri):
            return ClientStore(MlflowClient(uri), REQUESTS)
        with _locked(uri):
            if uri.startswith(SQLITE) and is_blank(path := Path(uri.removeprefix(SQLITE))):
                set_up(path)
            client = MlflowClient(uri)
            client.search_experiments(max_results=1)
            return store_of(client)


def store_of(client: MlflowClient) -> Store:
    """The store that a client of MLflow's leads to, by its tables if these are at hand and known."""
    tables, public = sql_store(client), ClientStore(client)
    return public if tables is None else SqlStore(tables, public)


@contextmanager
def _locked(uri: str) -> Iterator[None]:
    """Context manager in which no other process of this user sets up the store."""
    lock = FileLock(lock_file(uri))
    try:
        lock.acquire(LOCK_SECONDS)
    except Timeout:
        message = f"another process has held {lock.lock_file} for {LOCK_SECONDS} s: end it"
        raise TrackingError(without_password(f"the MLflow store {uri} cannot be used: {message}")) from None
    try:
        yield
    finally:
        lock.release()


def lock_file(uri: str) -> Path:
    """The file that is locked while a store is set up."""
    digest = hashlib.blake2b(uri.encode(), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"regnet-{os.getuid()}-{digest}.lock"


@contextmanager
def tracking_errors(uri: str) -> Iterator[None]:
    """Turns what MLflow, its database or the network raise into a TrackingError of one line."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:  # a database's driver may be missing
        raise unusable(uri, error) from error
