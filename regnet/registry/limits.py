"""Limits on sizes that a configuration may ask for, checked before memory is taken."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from regnet.errors import ConfigError
from regnet.machine import free_memory

MAX_RUNS: Final = "REGNET_MAX_RUNS"
MAX_BYTES: Final = "REGNET_MAX_BYTES"
"""Variables of the environment that set the limits."""
DEFAULT: Final = 10**6
"""The largest number of jobs in a sweep, and of seeds in a study."""


def check_count(what: str, count: int) -> None:
    """Check the number of jobs in a sweep or of seeds in a study.

    Raises:
        ConfigError: there are more than the limit, which a variable of the environment raises.
    """
    limit = _limit(MAX_RUNS, DEFAULT)
    if count > limit:
        raise ConfigError(
            f"{what}: there would be {count}, and the limit is {limit}; {MAX_RUNS}={count} in the environment raises it"
        )


def check_files(files: Iterable[Path]) -> None:
    """Check the sizes of files that are going to be read whole; those that are not there are left to their reader.

    Raises:
        ConfigError: they are larger than half of the free memory, or than the limit that a variable of the environment sets.
    """
    sizes = {file: file.stat().st_size for file in files if file.is_file()}
    if sizes:
        check_size(max(sizes, key=sizes.__getitem__), sum(sizes.values()))


def check_size(file: Path, size: int) -> None:
    """Check the size of what is read from a file, which may be compressed.

    Raises:
        ConfigError: it is larger than half of the free memory, or than the limit that a variable of the environment sets.
    """
    limit = _limit(MAX_BYTES, free_memory() // 2)
    if size > limit:
        raise ConfigError(
            f"{file} has {size} bytes or more, and the limit is {limit}, by default half of the free memory;"
            f" {MAX_BYTES}=N in the environment sets it"
        )


def _limit(variable: str, default: int) -> int:
    given = os.environ.get(variable, "")
    return int(given) if given.isdecimal() else default
