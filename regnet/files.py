"""Files that are either complete or absent, whatever ends the process or the machine meanwhile, and hashes of their content."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

DRAFT: Final = ".part"
"""The ending of a file that is being written."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its final name, and rename it when it is on the disk.

    Raises:
        OSError: it cannot be written; an older file of this name is unchanged.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}{DRAFT}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)


def content_hash(path: Path) -> str:
    """Return a hash of a file's content, in twelve hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
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
