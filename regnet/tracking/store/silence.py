"""Limits for connections to a database: how long it may take to accept one, and to answer on it.

Drivers wait for ever by default. Those that have limits of their own are given them. PostgreSQL's have none for an answer, so a
thread looks at their connections: one that waits while this process does nothing else is shut down.
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
"""How long a server or a database has to answer for the first time."""
ANSWER_SECONDS = 60
"""How long a database may take to answer a statement."""
LOOK_SECONDS: Final = 0.5
WORKED: Final = 0.001
"""Seconds of processor time between two looks that count as work: something arrived, and is read."""
ACTIVE: Final = 1
"""What libpq calls PQTRANS_ACTIVE: a statement was sent, and its result has not come."""
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
"""The options of SQLAlchemy's drivers that limit how long connecting takes, in seconds."""
ANSWER: Final[Mapping[str, tuple[str, ...]]] = {
    "pg8000": ("timeout",),
    "mysqldb": ("read_timeout", "write_timeout"),
    "pymysql": ("read_timeout", "write_timeout"),
    "mysqlconnector": ("read_timeout", "write_timeout"),
    "mariadbconnector": ("read_timeout", "write_timeout"),
    "pymssql": ("timeout",),
}
"""The options that limit how long an answer takes, in seconds."""
WATCHED: Final = ("psycopg", "psycopg2")
"""The drivers whose connections the thread looks at."""

_limited: set[str] = set()
_gave_up: set[str] = set()


class _Connection(Protocol):
    """What psycopg and psycopg2 have in common."""

    closed: bool | int
    info: Any

    def fileno(self) -> int: ...


@dataclass
class _Wait:
    """For how long a connection has waited for an answer."""

    uri: str
    seconds: float = 0.0


def connect_options(uri: str) -> dict[str, int]:
    """The driver's options with which a database that does not answer is given up, unless the address has them."""
    from sqlalchemy import make_url

    url = make_url(uri)
    return {name: CONNECT_SECONDS for name in CONNECT.get(url.get_dialect().driver, ()) if name not in url.query}


def limit_answers(uri: str) -> None:
    """Limits every connection to this database that is made from now on by this process, MLflow's included."""
    from sqlalchemy import Engine, event

    if not _limited:
        event.listen(Engine, "do_connect", _connect)
    _limited.add(uri)
    _gave_up.discard(uri)


def gave_up(uri: str) -> bool:
    """Whether this database did not answer in time."""
    return uri in _gave_up


def _connect(dialect: Dialect, entry: ConnectionPoolEntry, words: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Connects with limits, if this is one of the databases that are limited."""
    uri = next((uri for uri in _limited if _leads_to(uri, dialect, options)), None)
    if uri is None:
        return None
    driver = dialect.driver
    for name in ANSWER.get(driver, ()):
        options.setdefault(name, ANSWER_SECONDS)
    for name in CONNECT.get(driver, ()):
        options.setdefault(name, CONNECT_SECONDS)
    connection: Any = dialect.connect(*words, **options)
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
    """A thread that looks at connections for as long as there are any."""

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
        used = _used()
        while True:
            time.sleep(LOOK_SECONDS)
            before, used = used, _used()
            with self._lock:
                for connection in [each for each in self._waits if each.closed]:
                    del self._waits[connection]
                if not self._waits:
                    self._running = False
                    return
                self._look(worked=used - before >= WORKED)

    def _look(self, *, worked: bool) -> None:
        for connection, wait in list(self._waits.items()):
            waits = not worked and connection.info.transaction_status == ACTIVE
            wait.seconds = wait.seconds + LOOK_SECONDS if waits else 0.0
            if wait.seconds > ANSWER_SECONDS:
                _gave_up.add(wait.uri)
                _shut_down(connection)


_watch = _Watch()


def _used() -> float:
    """The processor time that all other threads of this process have used."""
    return time.process_time() - time.thread_time()


def _shut_down(connection: _Connection) -> None:
    """Ends the waiting: the driver sees that the server has closed the connection.

    One that was closed meanwhile has nothing to wait for; every driver has an error of its own for that.
    """
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)
