"""A new folder for a launch."""

from __future__ import annotations

import itertools
from pathlib import Path


def claim_folder(folder: Path) -> Path:
    """Create a folder of this name; if a launch of the same second has it already, append the next free number.

    Raises:
        OSError: it cannot be created.
    """
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    for candidate in itertools.chain([folder], names):
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        return candidate
    raise AssertionError("no free number is left")
