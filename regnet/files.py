"""Files that are either complete or absent, whatever ends the process or the machine meanwhile, and hashes of their content."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

DRAFT: Final = ".part"
"""The ending of a file that is being written."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its final name, and rename it when it is on the disk.

    Raises:
        OSError: it cannot be written; an older file of this name is unchanged.
    """
    with _draft(path, content) as draft:
        draft.replace(path)
    sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist: of several processes that do so at the same time, one succeeds.

    Raises:
        FileExistsError: there is a file of this name.
        OSError: it cannot be written.
    """
    with _draft(path, content) as draft:
        os.link(draft, path)
    sync_folder(path.parent)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """Context manager that gives a file beside a path with the content, on the disk; it does not exist afterwards."""
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_native_id()}{DRAFT}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink()


def content_hash(path: Path) -> str:
    """Return a hash of a file's content, in twelve hexadecimal digits.

    Raises:
        OSError: it cannot be read, or is no file but a device, a pipe or a folder.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(path))
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=6)).hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, on systems where this is possible."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
