"""Files of JSON lines, each with a checksum. A last line that is incomplete was being written when the process was killed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from regnet.errors import DamagedFile
from regnet.files import sync_folder

SUM: Final = "sum"
"""The key of a line's checksum."""


def json_line(content: Mapping[str, Any]) -> bytes:
    """Return a line with a checksum."""
    return f"{json.dumps({**content, SUM: _sum(content)})}\n".encode()


def append_line(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line durably, in place of an incomplete last one.

    Raises:
        DamagedFile: a line is not what was written.
        OSError: the file cannot be written.
    """
    with path.open("ab+") as file:
        file.seek(0)
        end = max((end for _, end in read_lines(path, file.read())), default=0)
        file.truncate(end)
        file.write(json_line(line))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def read_lines(path: Path, content: bytes) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each complete line of a file's content, and the position of its end.

    Raises:
        DamagedFile: a line is not what was written.
    """
    end = 0
    lines: Sequence[bytes] = content.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        end += len(line)
        parsed = _parsed(line)
        if parsed is not None:
            yield parsed, end
        elif number < len(lines) or line.endswith(b"\n"):
            raise DamagedFile(f"{path} is damaged in line {number}: restore it, or start a new launch")


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The content of a line without its checksum; None if it is not what was written."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not line.endswith(b"\n"):
        return None
    return content if content.pop(SUM, None) == _sum(content) else None


def _sum(line: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(line).encode(), digest_size=4).hexdigest()
