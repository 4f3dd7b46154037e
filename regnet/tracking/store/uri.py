"""The address of the MLflow store, and checks that it is reachable, without importing MLflow."""

from __future__ import annotations

import os
import re
import textwrap
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from regnet.credentials import MASK, conceal, hide, reveal
from regnet.encoding import well_formed
from regnet.errors import ConfigError, StoreAway, TrackingError
from regnet.tracking.store import silence
from regnet.tracking.store.messages import Destination

SQLITE = "sqlite:///"
DEFAULT_URI = f"{SQLITE}mlflow.db"
DEFAULT_EXPERIMENT = "regnet"
DATABASES = ("postgresql", "mysql", "mssql")
"""The databases that MLflow supports, besides SQLite."""
MISTAKES = re.compile(r"database .* does not exist|role .* does not exist|authentication failed|Unknown database|Access denied")
"""What PostgreSQL and MySQL answer to a wrong database, user or password."""
HINT = "choose another store with tracking.uri, --uri or MLFLOW_TRACKING_URI, or use tracking=none"
PLACE_HINT = "tracking.artifacts names where a new experiment keeps them"
_named: set[str] = set()
"""The stores that a configuration of this process names."""
REASON_LENGTH = 160
"""Maximum length of the reason in an error message, since MLflow's messages can be a page long."""


def store_uri(given: object) -> str:
    """Return the address of the store: the given one, else MLFLOW_TRACKING_URI, else a database in the working directory.

    The path of an SQLite database is made absolute, because MLflow reuses connections by URI even if the working directory changes.

    Raises:
        ConfigError: the password in the given address is not known.
    """
    uri = reveal(str(given or "")) or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    scheme, separator, rest = uri.strip().partition("://")
    uri = f"{scheme.lower()}{separator}{rest}" if separator else uri
    if uri.startswith(SQLITE):
        return SQLITE + str(Path(uri.removeprefix(SQLITE)).resolve())
    return uri


def destination(options: Mapping[str, Any]) -> Destination:
    """Return the store and the experiment that the options of `tracking=mlflow` select."""
    uri = store_uri(options.get("uri"))
    _named.add(uri)
    artifacts = options.get("artifacts")
    if artifacts and MASK in hide(str(artifacts)):
        raise ConfigError(f"tracking.artifacts={hide(str(artifacts))}: the store would keep its password or token: leave it out")
    if artifacts and "://" not in str(artifacts):
        artifacts = os.path.abspath(Path(artifacts).expanduser())  # noqa: PTH100 - does not resolve links
    return Destination(uri, str(options.get("experiment") or _experiment(uri)), Path.cwd(), artifacts or None)


def _experiment(uri: str) -> str:
    """Return the name of the experiment that MLflow's variables select, else the default.

    Raises:
        TrackingError: there is none with the id in MLFLOW_EXPERIMENT_ID.
    """
    named, chosen = os.environ.get("MLFLOW_EXPERIMENT_NAME"), os.environ.get("MLFLOW_EXPERIMENT_ID")
    if named or not chosen:
        return named or DEFAULT_EXPERIMENT
    from regnet.tracking.store.connect import connect

    name = connect(uri).experiments().get(chosen)
    if name is None:
        raise TrackingError(f"MLFLOW_EXPERIMENT_ID={chosen}: the store {hide(uri)} has no such experiment")
    return name


def recorded_destination(options: Mapping[str, Any], named: str | None = None) -> Destination:
    """Return the destination of a study whose options were read from a file, which may come from somebody else.

    Nothing is sent to an address that is only in a file: it must be on this machine, or be named again.

    Args:
        options: the options of `tracking=mlflow`.
        named: the store that the user has named; None for that of the options.

    Raises:
        ConfigError: the store is on another machine, and neither the command nor MLFLOW_TRACKING_URI names it.
    """
    uri = store_uri(named or options.get("uri"))
    if not (named or is_local(uri) or uri in _named or uri == os.environ.get("MLFLOW_TRACKING_URI")):
        raise ConfigError(
            f"the runs belong into {hide(uri)}, which is on another machine: name it again with tracking.uri=… (regnet resume), "
            "--uri (regnet sync) or MLFLOW_TRACKING_URI"
        )
    return destination({**options, "uri": uri})


def must_be_named(uri: str | None) -> bool:
    """Return whether the address in a file of a launch, if any, is not enough to open the store: see `recorded_destination`."""
    named = hide(os.environ.get("MLFLOW_TRACKING_URI", ""))
    return uri is not None and uri != named and (MASK in uri or not is_local(uri))


def is_local(uri: str) -> bool:
    """Return whether the store is on this machine: a file, or a server whose address is this machine's own."""
    if not (is_server(uri) or is_database(uri)):
        return True
    try:
        return urlsplit(hide(uri)).hostname in (None, "localhost", "127.0.0.1", "::1")
    except ValueError:
        return False


def is_server(uri: str) -> bool:
    """Return whether the store is an MLflow server."""
    return uri.startswith(("http://", "https://"))


def is_database(uri: str) -> bool:
    """Return whether the store is a database on a server."""
    return uri.partition("://")[0].partition("+")[0] in DATABASES


def check_store(uri: str, *, create: bool = True) -> None:
    """Check that the store is reachable: a server answers, or a database file can be written.

    MLflow itself would retry for minutes.

    Args:
        uri: the address of the store.
        create: whether the store may be new; otherwise, a database file must exist, and only be readable.

    Raises:
        TrackingError: the store is not reachable.
    """
    if uri != well_formed(uri):
        raise TrackingError(f"the MLflow store {conceal(uri)} cannot be used: its path is not in UTF-8 ({HINT})")
    if "://" not in uri:
        raise TrackingError(f"the MLflow store {conceal(uri)} is no address: for a file write sqlite:///{conceal(uri)} ({HINT})")
    if uri.rstrip("/") == "sqlite:" or ":memory:" in uri:
        raise TrackingError(f"the MLflow store {uri} would be gone when the command ends: name a file, or use tracking=none")
    if is_server(uri):
        _reach(uri)
    elif uri.startswith(SQLITE):
        path = Path(uri.removeprefix(SQLITE))
        if not create and not path.exists():
            raise TrackingError(f"there is no MLflow store {uri}: run something first, or choose another store")
        try:
            (_try_to_write if create else _try_to_read)(path)
        except OSError as error:
            raise unusable(uri, error) from error
    elif is_database(uri):
        _connect(uri)


def unusable(uri: str, error: Exception) -> TrackingError:
    """Convert an error of MLflow, its database or the network to a TrackingError of one line; a StoreAway if it may pass."""
    if silence.gave_up(uri):
        error = TimeoutError(f"the database has not answered for {silence.ANSWER_SECONDS} s")
    reason = textwrap.shorten(str(error) or type(error).__name__, REASON_LENGTH, placeholder=" …")
    kind = StoreAway if _may_pass(error) else TrackingError
    return kind(hide(f"the MLflow store {conceal(uri)} cannot be used: {reason} ({HINT})"))


@contextmanager
def artifact_errors(place: Callable[[], str]) -> Iterator[None]:
    """Context manager for writing files of runs, which says where they cannot be kept; an error that may pass is left as it is.

    Raises:
        TrackingError: the place cannot be written.
    """
    try:
        yield
    except (OSError, ImportError) as error:
        if _may_pass(error):
            raise
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        reason = textwrap.shorten(reason, REASON_LENGTH, placeholder=" …")
        raise TrackingError(hide(f"the files of runs cannot be kept in {conceal(place())}: {reason} ({PLACE_HINT})")) from error


def _may_pass(error: BaseException | None) -> bool:
    """Return whether an error is one of the database or the network, in any layer; SQLAlchemy is not imported for this.

    A database that does not exist, or that refuses the user, is a mistake, which does not pass.
    """
    while error is not None:
        if MISTAKES.search(str(error)):
            return False
        names = {kind.__name__ for kind in type(error).mro()}
        if names & {"ConnectionError", "TimeoutError", "OperationalError"}:
            return True
        if type(error).__module__.startswith(("requests.", "urllib3.")):
            return True
        error = error.__cause__ or error.__context__
    return False


def _without_user(uri: str) -> str:
    """Return the address without a user and a password, which urllib takes for a part of the host."""
    scheme, separator, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _reach(uri: str) -> None:
    """Check that the server answers."""
    try:
        request = urllib.request.Request(_without_user(uri).rstrip("/") + "/health")
        urllib.request.urlopen(request, timeout=silence.CONNECT_SECONDS).close()
    except urllib.error.HTTPError:
        pass  # an error status is an answer too
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else str(error) or type(error).__name__
        message = f"the MLflow server {conceal(uri)} does not answer: {reason} (start it; {HINT})"
        raise StoreAway(hide(message)) from error


def _connect(uri: str) -> None:
    """Check that the database accepts a connection; SQLAlchemy is installed with MLflow."""
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        create_engine(uri, poolclass=NullPool, connect_args=silence.connect_options(uri)).connect().close()
    except DBAPIError as error:
        unreachable = unusable(uri, error.orig if isinstance(error.orig, Exception) else error)
        raise (StoreAway(str(unreachable)) if _may_pass(error) else unreachable) from error
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
    with path.open("ab"):  # permissions alone do not show whether the file can be written
        pass
