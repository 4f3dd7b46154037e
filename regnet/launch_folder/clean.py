"""Files in a launch's folder that are no longer needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from regnet.errors import DamagedFile
from regnet.files import DRAFT
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.owner import OWNER
from regnet.launch_folder.status import Status
from regnet.study.storage import RESULT
from regnet.training.checkpoint import LATEST, find_checkpoints, outline


def superfluous_files(status: Status, *, checkpoints: bool = False) -> list[Path]:
    """Return the files that neither a result nor a continuation needs: what killed processes left, and old checkpoints.

    Args:
        status: the status of a launch that no process runs.
        checkpoints: whether no checkpoint is needed, so that runs that are not finished will start over.
    """
    plan = status.plan
    folders = [Path(plan.folder, job.folder) for job in plan.jobs.values()]
    found = [path for folder in folders for path in _of_job(folder, _missing(status), keep=not checkpoints)]
    found += plan.folder.glob(f"*{DRAFT}")
    if status.finished == status.planned:
        found += plan.folder.glob(OWNER)
    return sorted(set(found))


def _missing(status: Status) -> set[tuple[str, int]]:
    return {(job.job.study, seed) for job in status.jobs for seed in job.missing}


def _of_job(folder: Path, missing: set[tuple[str, int]], *, keep: bool) -> Iterator[Path]:
    yield from folder.glob(f"*{DRAFT}")
    if (folder / RESULT).exists():
        yield from JobFolder(folder).superseded()
    seen: dict[str, int] = {}
    for path in sorted(find_checkpoints(folder), key=lambda path: path.stat().st_mtime_ns, reverse=True):
        try:
            found = outline(path)
        except (DamagedFile, OSError):
            yield path
            continue
        seen[found.key] = seen.get(found.key, 0) + 1
        if not keep or seen[found.key] > LATEST or missing.isdisjoint(found.runs):
            yield path
