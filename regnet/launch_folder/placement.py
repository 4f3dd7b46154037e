"""Which of a launch's folders each job of a sweep belongs in, if the launch is continued with other values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count

from regnet.launch_folder.plan import Plan, PlannedJob


class Placement:
    """The folders of the jobs that one command launches.

    A sweeper that is asked again may propose other values, and a user may give other ones. So a job belongs in the folder of the
    job with the same study that an earlier command has planned; if there is none, and its own folder has another job, it gets a
    new number.
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        """The folders that this command has used."""

    def place(self, plan: Plan | None, jobs: Sequence[PlannedJob]) -> list[PlannedJob]:
        """Return the jobs, each with its folder.

        A job keeps its folder if the same values were planned there, even if its study is another one now, because the content
        of a data file is: `plan_jobs` refuses it.
        """
        earlier = {} if plan is None else {folder: job for folder, job in plan.jobs.items() if folder not in self.used}
        folders: dict[int, str] = {index: job.folder for index, job in enumerate(jobs) if _is_same(job, earlier.get(job.folder))}
        for index in (index for index in range(len(jobs)) if index not in folders):
            taken, job = {*folders.values(), *self.used}, jobs[index]
            same = (other for other, known in earlier.items() if other not in taken and known.study == job.study)
            free = job.folder not in earlier and job.folder not in self.used
            if folder := next(same, job.folder if free or not job.folder.isdecimal() else None):
                folders[index] = folder
        new = _new_numbers([*earlier, *self.used, *folders.values()])
        placed = [_in_folder(job, folders.get(index) or str(next(new))) for index, job in enumerate(jobs)]
        self.used |= {job.folder for job in placed}
        return placed

    def left(self, plan: Plan) -> list[PlannedJob]:
        """Return the jobs of earlier commands that this command has not launched."""
        return [job for job in plan.jobs.values() if job.folder not in self.used]


def _in_folder(job: PlannedJob, folder: str) -> PlannedJob:
    return replace(job, folder=folder, number=int(folder) if folder.isdecimal() else job.number)


def _is_same(job: PlannedJob, known: PlannedJob | None) -> bool:
    return known is not None and (known.study == job.study or known.overrides == job.overrides)


def _new_numbers(folders: Iterable[str]) -> count[int]:
    return count(1 + max((int(folder) for folder in folders if folder.isdecimal()), default=-1))
