"""The MLflow store: finding it, setting it up once, and saying in a line what is wrong with it."""

from __future__ import annotations

import hashlib
import os
import tempfile
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from regnet.errors import TrackingError

SQLITE = "sqlite:///"
DEFAULT_URI = f"{SQLITE}mlflow.db"
REACH_SECONDS = 5
REASON_LENGTH = 160
"""MLflow's messages go on for a page: this much says what is wrong."""


def store_uri(given: object) -> str:
    """The store that was asked for: by an option, else by MLFLOW_TRACKING_URI, else a database in the working directory.

    The path of an SQLite database is made absolute: MLflow keeps one connection for each URI, wherever the process goes.
    """
    uri = str(given or "") or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    if uri.startswith(SQLITE):
        return SQLITE + str(Path(uri.removeprefix(SQLITE)).resolve())
    return uri


def connect(given: object = None, *, create: bool = True) -> MlflowClient:
    """A client of the store, which is set up if it is new and `create` is true; several processes may do so at once.

    Raises:
        TrackingError: it cannot be reached, opened or written.
    """
    uri = store_uri(given)
    with tracking_errors(uri):
        if uri.startswith(("http://", "https://")):
            _reach(uri)
            return MlflowClient(uri)
        if uri.startswith(SQLITE):
            if not create and not Path(uri.removeprefix(SQLITE)).exists():
                raise TrackingError(f"there is no MLflow store {uri}: run something first, or name another store")
            _writable(Path(uri.removeprefix(SQLITE)))
        digest = hashlib.blake2b(uri.encode(), digest_size=8).hexdigest()
        with FileLock(Path(tempfile.gettempdir()) / f"regnet-{os.getuid()}-{digest}.lock"):
            client = MlflowClient(uri)
            client.search_experiments(max_results=1)
            return client


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


@contextmanager
def tracking_errors(uri: str) -> Iterator[None]:
    """Turns what MLflow, its database or the network raise into a TrackingError of one line."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        reason = textwrap.shorten(str(error) or type(error).__name__, REASON_LENGTH, placeholder=" …")
        raise TrackingError(
            f"the MLflow store {uri} cannot be used: {reason} (set tracking.uri or MLFLOW_TRACKING_URI, or tracking=none)"
        ) from error


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A configuration as MLflow's parameters: ``optimizer.lr``, ``model.layers.0.name``."""
    flat: dict[str, str] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            flat |= flatten({str(place): item for place, item in enumerate(value)}, f"{name}.")
        else:
            flat[name] = str(value)
    return flat


def _reach(uri: str) -> None:
    """Asks the server for a sign of life, since MLflow itself would try again for minutes."""
    try:
        urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=REACH_SECONDS).close()
    except urllib.error.HTTPError:
        pass  # it answered, if only to say that this is not the way to ask
    except urllib.error.URLError as error:
        raise TrackingError(
            f"the MLflow server {uri} does not answer: {error.reason} (start it, set tracking.uri, or use tracking=none)"
        ) from error


def _writable(path: Path) -> None:
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is not writable")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist")
    with path.open("ab"):  # to see whether it can be, which permissions alone do not tell
        pass
