"""The owner of a launch: the process that runs it, which holds a lock on a file in the launch's folder until it ends.

Its writing process may run a little longer, to write what it has received. A process that continues the launch waits for that.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from regnet.errors import ConfigError
from regnet.files import write_atomically

OWNER: Final = "owner.json"
"""The file that the owner locks. It is removed when the launch ends in order: if it is not locked, the owner was killed."""
WRITER: Final = "writer-{}.json"
"""The file that names a process of the launch, by its id, and its writing process. It is removed when everything is written."""
NOTICE, PATIENCE = 2.0, 90.0
"""Seconds after which a line says that the writing process of a killed owner is waited for, and after which it is not any more."""

log = logging.getLogger("regnet")


@dataclass(frozen=True)
class Owner:
    """A process that runs a launch."""

    host: str
    pid: int
    started: float
    """The time at which the process started, in seconds since 1970: another process may get its number."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    @classmethod
    def this(cls) -> Owner:
        """The process that calls this."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Owner:
        """A process on this machine."""
        return cls(socket.gethostname(), pid, psutil.Process(pid).create_time())

    @classmethod
    def from_json(cls, text: str | bytes) -> Owner | None:
        """Read what `to_json` wrote; None if it is anything else."""
        with suppress(ValueError, TypeError):
            return cls(**json.loads(text))
        return None

    def to_json(self) -> str:
        """Return the owner as JSON."""
        return json.dumps(asdict(self))

    @property
    def runs(self) -> bool | None:
        """Whether the process runs; None if it is on another machine, and this cannot be known."""
        if self.host != socket.gethostname():
            return None
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


_patiently = Retrying(
    retry=retry_if_exception_type(BlockingIOError), wait=wait_fixed(0.1), stop=stop_after_attempt(10), reraise=True
)
"""Calls a function again for a second while a file is locked: `is_owned` locks it for an instant."""


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Context manager that makes this process the owner of the launch in a folder.

    Raises:
        ConfigError: another process is running the launch.
        OSError: the folder cannot be written.
    """
    path = folder / OWNER
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _patiently(fcntl.flock, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = read_owner(folder)
            raise ConfigError(f"the launch in {folder} is being run by {owner or 'another process'}: wait until it ends") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, Owner.this().to_json().encode())
        wait_for_writer(folder)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def read_owner(folder: Path) -> Owner | None:
    """Return the process that runs the launch in a folder, or that was killed while it did; None if there is none."""
    with suppress(OSError):
        return Owner.from_json((folder / OWNER).read_bytes())
    return None


def record_writer(folder: Path, pid: int) -> None:
    """Record the writing process that this process has for the launch in a folder."""
    with suppress(psutil.NoSuchProcess):
        processes = [Owner.this().to_json(), Owner.of(pid).to_json()]
        write_atomically(folder / WRITER.format(os.getpid()), json.dumps(processes).encode())


def forget_writer(folder: Path) -> None:
    """Remove the record of the writing process, because everything is written."""
    (folder / WRITER.format(os.getpid())).unlink(missing_ok=True)


def wait_for_writer(folder: Path) -> None:
    """Wait until the writing process of a killed owner has written what it received: it ends by itself after a minute at most."""
    start, said = time.monotonic(), False
    for path in folder.glob(WRITER.format("*")):
        while (writer := _orphan(path)) is not None and time.monotonic() - start < PATIENCE:
            if not said and time.monotonic() - start > NOTICE:
                log.warning("regnet: %s still writes the runs of the killed launch in %s; waiting for it", writer, folder)
                said = True
            time.sleep(0.1)


def _orphan(path: Path) -> Owner | None:
    """The writing process that a file names, if it runs and its owner does not; a file whose processes have ended is removed."""
    with suppress(OSError, ValueError, TypeError):
        owner, writer = (Owner.from_json(text) for text in json.loads(path.read_bytes()))
        if owner and writer and owner.runs is False:
            if writer.runs:
                return writer
            path.unlink(missing_ok=True)
    return None


def is_owned(folder: Path) -> bool:
    """Return whether a process is running the launch in a folder."""
    try:
        descriptor = os.open(folder / OWNER, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
