"""Where the MLflow store is, and whether it is there at all: what can be told without importing MLflow."""

from __future__ import annotations

import os
import textwrap
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from regnet.encoding import well_formed
from regnet.errors import TrackingError
from regnet.tracking.store import silence
from regnet.tracking.store.messages import Destination
from regnet.tracking.store.passwords import without_password

SQLITE = "sqlite:///"
DEFAULT_URI = f"{SQLITE}mlflow.db"
DEFAULT_EXPERIMENT = "regnet"
DATABASES = ("postgresql", "mysql", "mssql")
"""Those that MLflow takes, besides SQLite."""
INSTEAD = "tracking.uri, --uri or MLFLOW_TRACKING_URI name another store, and tracking=none runs without one"
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


def destination(options: Mapping[str, Any]) -> Destination:
    """Where the options of `tracking=mlflow` send a study's runs."""
    return Destination(store_uri(options.get("uri")), str(options.get("experiment") or DEFAULT_EXPERIMENT), Path.cwd())


def is_server(uri: str) -> bool:
    """Whether the store is reached over the network, through MLflow's server."""
    return uri.startswith(("http://", "https://"))


def is_database(uri: str) -> bool:
    """Whether the store is a database that is reached over the network, by its driver."""
    return uri.partition("://")[0].partition("+")[0] in DATABASES


def check_store(uri: str, *, create: bool = True) -> None:
    """Looks whether a server answers, or a database file can be written; if `create` is false, whether there is one to be read.

    MLflow itself would try again for minutes.

    Raises:
        TrackingError: it does not, or cannot.
    """
    if uri != well_formed(uri):
        raise TrackingError(f"the MLflow store {uri} cannot be used: its path is not in UTF-8 ({INSTEAD})")
    if is_server(uri):
        _reach(uri)
    elif uri.startswith(SQLITE):
        path = Path(uri.removeprefix(SQLITE))
        if not create and not path.exists():
            raise TrackingError(f"there is no MLflow store {uri}: run something first, or name another store")
        try:
            (_try_to_write if create else _try_to_read)(path)
        except OSError as error:
            raise unusable(uri, error) from error
    elif is_database(uri):
        _connect(uri)


def unusable(uri: str, error: Exception) -> TrackingError:
    """What MLflow, its database or the network raised, in one line."""
    if silence.gave_up(uri):
        error = TimeoutError(f"the database has not answered for {silence.ANSWER_SECONDS} s")
    reason = textwrap.shorten(str(error) or type(error).__name__, REASON_LENGTH, placeholder=" …")
    return TrackingError(without_password(f"the MLflow store {uri} cannot be used: {reason} ({INSTEAD})"))


def _reach(uri: str) -> None:
    """Asks the server for a sign of life."""
    try:
        urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=silence.CONNECT_SECONDS).close()
    except urllib.error.HTTPError:
        pass  # it answered, if only to say that this is not the way to ask
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else str(error) or type(error).__name__
        message = f"the MLflow server {uri} does not answer: {reason} (start it; {INSTEAD})"
        raise TrackingError(without_password(message)) from error


def _connect(uri: str) -> None:
    """Connects to the database once; MLflow's database library is there wherever MLflow is."""
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        create_engine(uri, poolclass=NullPool, connect_args=silence.connect_options(uri)).connect().close()
    except DBAPIError as error:
        raise unusable(uri, error.orig if isinstance(error.orig, Exception) else error) from error
    except (SQLAlchemyError, ImportError, OSError) as error:  # its driver may be missing
        raise unusable(uri, error) from error


def _try_to_read(path: Path) -> None:
    with path.open("rb"):
        pass


def _try_to_write(path: Path) -> None:
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is not writable")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist")
    with path.open("ab"):  # to see whether it can be, which permissions alone do not tell
        pass
