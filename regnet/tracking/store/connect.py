"""The MLflow store: connecting to it, setting it up once, and finding the experiment."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from regnet.errors import TrackingError, one_of
from regnet.tracking.store.passwords import without_password
from regnet.tracking.store.silence import limit_answers
from regnet.tracking.store.sqlite_template import is_blank, set_up
from regnet.tracking.store.uri import SQLITE, check_store, is_database, is_server, store_uri, unusable

__all__ = ["connect", "existing_experiment", "experiment_id", "search", "store_uri", "tracking_errors"]

PAGE = 1000
LOCK_SECONDS = 60
"""How long another process may take to set up the same store: MLflow takes ten seconds."""


def connect(given: object = None, *, create: bool = True) -> MlflowClient:
    """A client of the store, which is set up if it is new and `create` is true; several processes may do so at once.

    Raises:
        TrackingError: it cannot be reached, opened or written.
    """
    uri = store_uri(given)
    check_store(uri, create=create)
    if is_database(uri):
        limit_answers(uri)
    with tracking_errors(uri):
        if is_server(uri):
            return MlflowClient(uri)
        with _locked(uri):
            if uri.startswith(SQLITE) and is_blank(path := Path(uri.removeprefix(SQLITE))):
                set_up(path)
            client = MlflowClient(uri)
            client.search_experiments(max_results=1)
            return client


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


def experiment_id(client: MlflowClient, name: str) -> str:
    """The experiment of that name, made if there is none; two processes may ask at once."""
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage == "deleted":
        raise TrackingError(f"MLflow experiment {name!r} was deleted: restore it, or set tracking.experiment to another name")
    return str(found.experiment_id)


def existing_experiment(client: MlflowClient, name: str) -> str:
    """The experiment of that name; raises TrackingError if there is none."""
    found = client.get_experiment_by_name(name)
    if found is None:
        names = [experiment.name for experiment in client.search_experiments()]
        raise TrackingError(f"no MLflow experiment is called {name!r}: {one_of(name, names)}")
    return str(found.experiment_id)


def search(client: MlflowClient, experiment: str, filter_string: str) -> Iterator[Run]:
    """Every run that fits, over as many pages as it takes."""
    identity, token = existing_experiment(client, experiment), None
    while True:
        page = client.search_runs([identity], filter_string, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def tracking_errors(uri: str) -> Iterator[None]:
    """Turns what MLflow, its database or the network raise into a TrackingError of one line."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:  # a database's driver may be missing
        raise unusable(uri, error) from error
