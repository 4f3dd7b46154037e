"""Failures of jobs: why a job gave no result, in a file in its folder, since it may run in any process or on any machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from regnet.files import write_atomically

FAILURE: Final = "failure.json"
STOPPED: Final = "stopped"
"""The file in a launch's folder that shows that a job has failed, so that with ``on_failure=stop`` no other is started."""


@dataclass(frozen=True)
class JobFailure:
    """Why a job gave no result."""

    number: int
    folder: str
    """The job's folder, relative to the launch's."""
    overrides: tuple[str, ...]
    error: str
    """The error in one line."""
    log: str | None
    """The file that holds the job's log; None if it has none."""


def write_failure(job_folder: Path, failure: JobFailure) -> None:
    """Write why a job failed into its folder.

    Raises:
        OSError: it cannot be written.
    """
    job_folder.mkdir(parents=True, exist_ok=True)
    write_atomically(job_folder / FAILURE, json.dumps(asdict(failure)).encode())


def clear_failure(job_folder: Path) -> None:
    """Remove what an earlier process wrote about the job, which runs again."""
    (job_folder / FAILURE).unlink(missing_ok=True)


def read_failures(launch_folder: Path) -> Iterator[JobFailure]:
    """Yield the failures of a launch's jobs; a damaged file is ignored."""
    for path in launch_folder.rglob(FAILURE):
        with suppress(OSError, ValueError, TypeError):
            read = json.loads(path.read_bytes())
            yield JobFailure(**{**read, "overrides": tuple(read["overrides"])})
