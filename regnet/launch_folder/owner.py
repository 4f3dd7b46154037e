"""The owner of a launch: the process that runs it, which holds a lock on a file in the launch's folder until it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from regnet.errors import ConfigError

OWNER: Final = "owner.json"
"""The file that the owner locks. It is removed when the launch ends in order: if it is not locked, the owner was killed."""


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
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

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
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1
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
