"""The plan of a launch: how it was started, and every study and seed that it is to run, written before any of them is trained.

It is a file of JSON lines, each with a checksum: the first says how the launch was started, each other one is a batch of jobs. A
last line that is incomplete was being written when the process was killed: nothing of it has been trained, and it is ignored.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple

from regnet.errors import DamagedFile
from regnet.files import write_new
from regnet.launch_folder.json_lines import append_line, json_line, read_lines
from regnet.registry.launch_settings import LaunchSettings

PLAN: Final = "plan.jsonl"
FORMAT: Final = 1
"""The version of the file format."""


class LaunchName(NamedTuple):
    """The names of a launch in a store."""

    name: str
    """For users: the folder that it was started in."""
    id: str
    """Unique: 12 hexadecimal digits."""

    @classmethod
    def of(cls, given: str | LaunchName) -> LaunchName:
        """Return the names of a launch; a launch without a folder has its name as its id."""
        return cls(given, given) if isinstance(given, str) else given


@dataclass(frozen=True)
class Start:
    """How a launch was started. It holds no passwords."""

    launch: str
    """The name of the launch, as in the tag ``regnet.launch``."""
    id: str
    """A name that no other launch has, as in the tag ``regnet.launch_id``: 12 hexadecimal digits."""
    words: tuple[str, ...]
    """The arguments of `regnet run`."""
    multirun: bool
    """Whether it is a sweep, whose jobs have folders of their own."""
    folder: str
    """The launch's folder, relative to the working directory if it is below."""
    directory: str
    """The working directory."""
    store: str | None
    """The MLflow store; None without tracking."""
    versions: Mapping[str, str]
    """The version of regnet and of every other distribution with plugins, by name."""
    commit: str | None
    """The commit that was checked out in the working directory; None outside a git repository."""
    dirty: bool
    """Whether the working directory had changes that were not committed."""
    host: str
    started: str
    """The date and the time with the offset from UTC."""
    settings: Mapping[str, Any]
    """The launch's settings: see `LaunchSettings.kept`."""


@dataclass(frozen=True)
class Continuation:
    """How a launch was continued."""

    words: tuple[str, ...]
    """The arguments of `regnet run`, which may have more seeds or values than those of the start."""
    versions: Mapping[str, str]
    host: str
    started: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class PlannedJob:
    """A job: one study, and the seeds of it to run."""

    number: int
    folder: str
    """The job's folder, relative to the launch's."""
    name: str
    """The study's name."""
    study: str
    """The study's identity."""
    seeds: tuple[int, ...]
    overrides: tuple[str, ...] = ()
    """The overrides by which the job differs from the others."""


@dataclass(frozen=True)
class PlannedBatch:
    """Jobs that are launched at once. With the limits, they determine which seeds are trained in one program."""

    jobs: tuple[PlannedJob, ...]
    workers: int
    """The largest number of processes that train at once."""
    memory: int
    """The bytes that all running programs may use."""


@dataclass(frozen=True)
class Plan:
    """The plan in a launch's folder."""

    path: Path
    start: Start
    batches: tuple[PlannedBatch, ...]
    continuations: tuple[Continuation, ...] = ()

    @property
    def folder(self) -> Path:
        """The launch's folder."""
        return self.path.parent

    @property
    def name(self) -> LaunchName:
        """The names of the launch in a store."""
        return LaunchName(self.start.launch, self.start.id)

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments of `regnet run` with which it was last started or continued."""
        return self._last.words

    @property
    def settings(self) -> LaunchSettings:
        """The settings with which it was last started or continued."""
        return LaunchSettings(**self._last.settings)

    @property
    def deadline(self) -> float | None:
        """When the launch is to stop, in seconds since 1970; None for never."""
        seconds = self.settings.max_seconds
        return None if seconds is None else datetime.fromisoformat(self._last.started).timestamp() + seconds

    @property
    def _last(self) -> Start | Continuation:
        return self.continuations[-1] if self.continuations else self.start

    @property
    def command(self) -> str:
        """The command line by which the launch is started again, in a new folder."""
        return shlex.join(["regnet", "run", *self.words])

    @property
    def jobs(self) -> dict[str, PlannedJob]:
        """Each job by its folder, with the seeds of all batches."""
        found: dict[str, PlannedJob] = {}
        for job in (job for batch in self.batches for job in batch.jobs):
            known = found.get(job.folder)
            seeds = dict.fromkeys([*known.seeds, *job.seeds] if known else job.seeds)
            found[job.folder] = PlannedJob(job.number, job.folder, job.name, job.study, tuple(seeds), job.overrides)
        return found

    @property
    def runs(self) -> int:
        """The number of studies × seeds."""
        return sum(len(job.seeds) for job in self.jobs.values())


def start_plan(folder: Path, start: Start) -> None:
    """Write a new plan without jobs into a folder that has none.

    Raises:
        FileExistsError: it has one, for example of a process that started at the same time.
        OSError: it cannot be written.
    """
    path = folder / PLAN
    if path.exists() and read_plan(folder) is None:
        path.unlink()  # it was cut off, and nothing of it has been trained
    write_new(path, json_line({"kind": "start", "format": FORMAT, **asdict(start)}))


def append_batch(folder: Path, batch: PlannedBatch) -> None:
    """Add a batch to the plan, before any of its seeds is trained.

    Raises:
        OSError: it cannot be written.
    """
    append_line(folder / PLAN, {"kind": "batch", **asdict(batch)})


def read_plan(folder: Path) -> Plan | None:
    """Read the plan in a launch's folder; None if there is none.

    Raises:
        DamagedFile: a line is not what was written, or has another format.
        OSError: it cannot be read.
    """
    path = folder / PLAN
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    lines = list(read_lines(path, content))
    if not lines:
        return None
    kinds = [line.pop("kind", None) for line, _ in lines]
    first, *others = (line for line, _ in lines)
    number = first.pop("format", None)
    if number != FORMAT or kinds[0] != "start":
        raise DamagedFile(f"{path} has format {number}, expected {FORMAT}: continue with the regnet that wrote it")
    by_kind = list(zip(kinds[1:], others, strict=True))
    try:
        return Plan(
            path,
            Start(**{**first, "words": tuple(first["words"])}),
            tuple(_batch(line) for kind, line in by_kind if kind == "batch"),
            tuple(Continuation(**{**line, "words": tuple(line["words"])}) for kind, line in by_kind if kind == "continuation"),
        )
    except (TypeError, KeyError, ValueError) as error:
        raise DamagedFile(f"{path} is not a plan of this version of regnet: {error}") from error


def _batch(line: Mapping[str, Any]) -> PlannedBatch:
    jobs = (PlannedJob(**{**job, "seeds": tuple(job["seeds"]), "overrides": tuple(job["overrides"])}) for job in line["jobs"])
    return PlannedBatch(tuple(map(_inside, jobs)), line["workers"], line["memory"])


def _inside(job: PlannedJob) -> PlannedJob:
    """The job, whose folder is inside the launch's, where its files are written and removed."""
    folder = PurePath(job.folder)
    if folder.is_absolute() or ".." in folder.parts:
        raise ValueError(f"the folder of job {job.number} is outside the launch's: {job.folder}")
    return job
