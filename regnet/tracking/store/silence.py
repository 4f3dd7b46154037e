"""Timeouts for database connections: for connecting, and for the answer to a statement.

Drivers wait forever by default. If a driver has timeouts, they are set. PostgreSQL's drivers have none for an answer, so a thread
watches their connections, and shuts down a connection that has waited too long while this process was idle.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["ANSWER_SECONDS", "CONNECT_SECONDS", "connect_options", "gave_up", "limit_answers"]

CONNECT_SECONDS = 5
"""Timeout for the first answer of a server or a database."""
ANSWER_SECONDS = 60
"""Timeout for the answer to a statement."""
CHECK_SECONDS: Final = 0.5
"""Time between two checks of the connections."""
BUSY_SECONDS: Final = 0.001
"""Processor time between two checks that counts as work, since an answer is being read."""
ACTIVE: Final = 1
"""libpq's PQTRANS_ACTIVE: a statement was sent, and its result has not arrived."""
CONNECT: Final[Mapping[str, tuple[str, ...]]] = {
    "psycopg": ("connect_timeout",),
    "psycopg2": ("connect_timeout",),
    "pg8000": ("timeout",),
    "mysqldb": ("connect_timeout",),
    "pymysql": ("connect_timeout", "read_timeout"),
    "mysqlconnector": ("connection_timeout",),
    "mariadbconnector": ("connect_timeout",),
    "pyodbc": ("timeout",),
    "pymssql": ("login_timeout",),
}
"""The options of SQLAlchemy's drivers that set the timeout for connecting, in seconds."""
ANSWER: Final[Mapping[str, tuple[str, ...]]] = {
    "pg8000": ("timeout",),
    "mysqldb": ("read_timeout", "write_timeout"),
    "pymysql": ("read_timeout", "write_timeout"),
    "mysqlconnector": ("read_timeout", "write_timeout"),
    "mariadbconnector": ("read_timeout", "write_timeout"),
    "pymssql": ("timeout",),
}
"""The options that set the timeout for an answer, in seconds."""
WATCHED: Final = ("psycopg", "psycopg2")
"""The drivers whose connections the thread watches."""

_limited: set[str] = set()
_gave_up: set[str] = set()


class _Connection(Protocol):
    """The common interface of the connections of psycopg and psycopg2."""

    closed: bool | int
    info: Any

    def fileno(self) -> int: ...


@dataclass
class _Wait:
    """The time that a connection has waited for an answer."""

    uri: str
    seconds: float = 0.0


def connect_options(uri: str) -> dict[str, int]:
    """Return the driver's options that set the timeout for connecting, without those that the address contains."""
    from sqlalchemy import make_url

    url = make_url(uri)
    return {name: CONNECT_SECONDS for name in CONNECT.get(url.get_dialect().driver, ()) if name not in url.query}


def limit_answers(uri: str) -> None:
    """Set timeouts for every later connection of this process to this database, including MLflow's."""
    from sqlalchemy import Engine, event

    if not _limited:
        event.listen(Engine, "do_connect", _connect)
    _limited.add(uri)
    _gave_up.discard(uri)


def gave_up(uri: str) -> bool:
    """Return whether this database failed to answer in time."""
    return uri in _gave_up


def _connect(dialect: Dialect, entry: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Connect with timeouts if they are set for this database; otherwise return None, which lets SQLAlchemy connect."""
    uri = next((uri for uri in _limited if _leads_to(uri, dialect, options)), None)
    if uri is None:
        return None
    driver = dialect.driver
    for name in ANSWER.get(driver, ()):
        options.setdefault(name, ANSWER_SECONDS)
    for name in CONNECT.get(driver, ()):
        options.setdefault(name, CONNECT_SECONDS)
    connection: Any = dialect.connect(*arguments, **options)
    if driver == "pyodbc":
        connection.timeout = ANSWER_SECONDS
    if driver in WATCHED:
        _watch.add(connection, uri)
    return connection


def _leads_to(uri: str, dialect: Dialect, options: Mapping[str, Any]) -> bool:
    from sqlalchemy import make_url

    url = make_url(uri)
    if url.get_backend_name() != dialect.name or url.get_dialect().driver != dialect.driver:
        return False
    return dialect.create_connect_args(url)[1].items() <= options.items()


class _Watch:
    """A thread that checks connections as long as any are open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: weakref.WeakKeyDictionary[_Connection, _Wait] = weakref.WeakKeyDictionary()
        self._running = False

    def add(self, connection: _Connection, uri: str) -> None:
        with self._lock:
            self._waits[connection] = _Wait(uri)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="regnet-database-limits", daemon=True).start()

    def _run(self) -> None:
        used = _processor_time()
        while True:
            time.sleep(CHECK_SECONDS)
            before, used = used, _processor_time()
            with self._lock:
                for connection in [connection for connection in self._waits if connection.closed]:
                    del self._waits[connection]
                if not self._waits:
                    self._running = False
                    return
                self._check(worked=used - before >= BUSY_SECONDS)

    def _check(self, *, worked: bool) -> None:
        for connection, wait in list(self._waits.items()):
            waits = not worked and connection.info.transaction_status == ACTIVE
            wait.seconds = wait.seconds + CHECK_SECONDS if waits else 0.0
            if wait.seconds > ANSWER_SECONDS:
                _gave_up.add(wait.uri)
                _shut_down(connection)


_watch = _Watch()


def _processor_time() -> float:
    """Return the processor time used by all other threads of this process, in seconds."""
    return time.process_time() - time.thread_time()


def _shut_down(connection: _Connection) -> None:
    """Shut down the connection's socket, so that the driver stops waiting as if the server had closed the connection.

    Errors are ignored, since the connection may have been closed in the meantime; each driver raises a different error then.
    """
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)
