"""Lockstep over many studies: studies that differ only in what replicas may differ in are trained as one program."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import itemgetter

from regnet.engines.replicas import Structure, structure
from regnet.errors import Diverged, RegnetError
from regnet.events import StudyEnded, StudyStarted
from regnet.machine import free_memory, usable_cores
from regnet.processes.stop import Stop, stopping_in_order
from regnet.registry.dispatch import Observer
from regnet.study.flatten import differing_names, flatten
from regnet.study.result import StudyResult, with_faults
from regnet.study.study import Study
from regnet.training.cost import bytes_per_replica, seconds_of
from regnet.training.keeper import Keeper, NoKeeper
from regnet.training.program import Outcome, Program, Session, StudySlice, reason_of, run_program
from regnet.training.worker_pool import can_start_workers, run_in_workers

log = logging.getLogger("regnet")

MANY = 256
"""The number of replicas above which a program does not become more efficient, and does not fit in the processor's cache."""
FEW = 32
"""The number of replicas below which a program takes noticeably more time for each."""
WORTHWHILE = 2.0
"""The least work of a worker in seconds: starting one takes 1.6 s, mostly to load torch."""


@dataclass(frozen=True)
class Group:
    """Studies that are trained together."""

    jobs: tuple[int, ...]
    """The indices of the studies."""
    reason: str
    """The options in which the studies differ, or why there is only one."""


@dataclass(frozen=True)
class Batch:
    """Seeds that are planned at once. The same batch is always split into the same programs, on every machine."""

    slices: tuple[StudySlice, ...]
    workers: int
    """The largest number of processes that train at once."""
    memory: int
    """The bytes that all running programs may use, as estimated beforehand."""

    @classmethod
    def of(cls, studies: Sequence[Study], workers: int = 0, memory: int | None = None) -> Batch:
        """All seeds of the studies; by default, there are as many workers as cores, and half of the free memory may be used."""
        slices = tuple(StudySlice(job, study.seeds) for job, study in enumerate(studies))
        return cls(slices, workers or usable_cores(), memory or free_memory() // 2)


def plan(studies: Sequence[Study]) -> list[Group]:
    """Group the studies that are trained together; groups are in the order of their first studies."""
    alone = {job: reason for job, study in enumerate(studies) if (reason := _why_alone(study))}
    structures = {job: structure(study) for job, study in enumerate(studies) if job not in alone}
    groups: dict[Structure, list[int]] = defaultdict(list)
    for job, found in structures.items():
        groups[found].append(job)
    plan = [Group((job,), reason) for job, reason in alone.items()]
    for found, jobs in groups.items():
        rest = [candidate for candidate in groups if candidate != found]
        reason = _differences([studies[job] for job in jobs]) if len(jobs) > 1 else _why_single(found, rest)
        plan.append(Group(tuple(jobs), reason))
    return sorted(plan, key=lambda group: group.jobs)


def run_together(
    studies: Sequence[Study],
    observer: Observer,
    workers: int = 1,
    *,
    batches: Sequence[Batch] = (),
    keeper: Keeper | None = None,
) -> Iterator[tuple[int, StudyResult | Exception]]:
    """Train every study, in as few programs as possible, and yield the outcome of each as soon as it is known.

    Studies that cannot be trained with others are trained last, one at a time, so that others do not affect their time.
    A program that an earlier process did not finish is trained with all its seeds again, so that their numbers are the same; seeds
    that are finished are not reported again.

    Args:
        studies: the studies, which may differ in anything; outcomes refer to them by index, from 0.
        observer: is notified of all events.
        workers: the number of processes that may train at once; 0 for as many as there are cores.
        batches: how the studies' seeds were planned, if not at once.
        keeper: keeps results, and has those of an earlier process.

    Raises:
        KeyboardInterrupt: a signal arrived, or the time is over; each program has finished its epoch and written a checkpoint.
    """
    kept: Keeper = keeper or NoKeeper()
    collector = _Collector(studies, observer, kept)
    with stopping_in_order(kept.deadline) as stop:
        session = Session(studies, observer, collector.keep, stop)
        yield from collector.known()
        yield from _trained(session, collector, batches or [Batch.of(studies, workers)], workers)


def _trained(
    session: Session, collector: _Collector, batches: Sequence[Batch], workers: int
) -> Iterator[tuple[int, StudyResult | Exception]]:
    studies = collector.studies
    groups = plan(studies)
    together = collector.unfinished(program for batch in batches for program in _lockstep_programs(batch, groups, studies))
    alone = collector.unfinished(program for batch in batches for program in _solo_programs(batch, groups, studies))
    seconds = sum(_seconds_of(program, studies) for program in together)
    processes = min(_processes(seconds, workers or usable_cores()), len(together))
    if processes > 1:
        yield from collector.outcomes(run_in_workers(collector.starting(together, session.stop), session, processes))
        together = []
    for programs in (together, alone):
        yield from collector.outcomes(_run_here(collector.starting(programs, session.stop), session))


def _run_here(programs: Iterable[Program], session: Session) -> Iterator[Outcome]:
    for program in programs:
        yield from run_program(program, session)


class _Collector:
    """Joins the slices of each study, and reports when a study starts and ends."""

    def __init__(self, studies: Sequence[Study], observer: Observer, keeper: Keeper) -> None:
        self.studies = studies
        self._observer = observer
        self._keeper = keeper
        self._missing = {job: set(study.seeds) for job, study in enumerate(studies)}
        self._results: dict[int, list[StudyResult]] = defaultdict(list)
        self._faults: dict[int, dict[int, Exception]] = defaultdict(dict)
        self._started: set[int] = set()

    def known(self) -> Iterator[tuple[int, StudyResult | Exception]]:
        """The studies that an earlier process has finished; what it has of the others is collected."""
        for job, study in enumerate(self.studies):
            result = self._keeper.finished(job)
            if result is None:
                continue
            self._results[job].append(result)
            self._missing[job] -= set(result.seeds)
            if not self._missing[job]:
                yield job, with_faults(self._results.pop(job), {}, study.seeds)

    def unfinished(self, programs: Iterable[Program]) -> list[Program]:
        """The programs with a seed that is not finished, each with the seeds that are, and when it writes checkpoints."""
        left = []
        for program in programs:
            runs = [(job, seed) for job, seeds in program.slices for seed in seeds]
            finished = frozenset((job, seed) for job, seed in runs if seed not in self._missing[job])
            if len(finished) < len(runs):
                checkpoints = self._keeper.checkpoints(program.slices[0].job)
                left.append(replace(program, finished=finished, checkpoints=checkpoints))
        return left

    def starting(self, programs: Sequence[Program], stop: Stop) -> Iterator[Program]:
        """The programs in order, each after the start of its studies was reported, until a stop is requested."""
        for program in programs:
            stop.check()
            for job, _ in program.unfinished_slices:
                if job not in self._started:
                    self._started.add(job)
                    self._observer.notify(StudyStarted(self.studies[job]))
            yield program

    def keep(self, part: StudySlice, result: StudyResult) -> None:
        """Save the result of a slice."""
        self._keeper.keep(part.job, result)

    def outcomes(self, outcomes: Iterable[Outcome]) -> Iterator[tuple[int, StudyResult | Exception]]:
        """Each study's outcome, as soon as all its seeds have one: an exception only if no seed was trained."""
        for (job, seeds), outcome in outcomes:
            self._missing[job] -= set(seeds)
            if isinstance(outcome, Exception):
                self._faults[job] |= dict.fromkeys(seeds, outcome)
            else:
                self._results[job].append(outcome)
            if not self._missing[job]:
                yield job, self._joined(job)

    def _joined(self, job: int) -> StudyResult | Exception:
        study, results, faults = self.studies[job], self._results.pop(job, []), self._faults.pop(job, {})
        if not results:
            return next(faults[seed] for seed in study.seeds)
        _log_bugs(study, faults)
        result = with_faults(results, {seed: reason_of(error) for seed, error in faults.items()}, study.seeds)
        self._observer.notify(StudyEnded(study, result))
        return result


def _log_bugs(study: Study, faults: Mapping[int, Exception]) -> None:
    """Log the first traceback of what is no user's mistake, since the study's result has only the reason."""
    bug = next(((seed, error) for seed, error in faults.items() if not isinstance(error, RegnetError)), None)
    if bug:
        log.error("%s: seed %s failed", study.name, bug[0], exc_info=bug[1])


def _why_alone(study: Study) -> str:
    """Why a study cannot be trained with any other; empty if it can."""
    if study.engine != "handbuilt":
        return f"engine={study.engine} trains one seed at a time"
    return "" if study.replicas == "lockstep" else f"replicas={study.replicas}"


def _why_single(found: Structure, rest: Sequence[Structure]) -> str:
    """The differences of a structure from the most similar one in `rest`."""
    if not rest:
        return "there is no other"
    closest = min((set(found) ^ set(candidate) for candidate in rest), key=len)
    names = sorted({name for name, _ in closest})
    return f"no other has {', '.join(f'{name}={value}' for name, value in found if name in names) or names[0]}"


def _differences(studies: Sequence[Study]) -> str:
    """The options of the configurations in which the studies differ."""
    differing = differing_names([flatten(study.config) for study in studies])
    return f"they differ in {', '.join(differing)}" if differing else "they are alike"


def _processes(seconds: float, workers: int) -> int:
    """The number of processes, at most `workers`, that work of `seconds` is worth."""
    return max(1, min(workers if can_start_workers() else 1, int(seconds // WORTHWHILE)))


def _solo_programs(batch: Batch, groups: Sequence[Group], studies: Sequence[Study]) -> Iterator[Program]:
    """A program for each seed of the studies whose seeds are trained one at a time."""
    seeds = dict(batch.slices)
    for job in (job for group in groups for job in group.jobs if studies[job].replicas != "lockstep"):
        yield from (Program((StudySlice(job, (seed,)),), replica_axis=False) for seed in seeds.get(job, ()))


def _lockstep_programs(batch: Batch, groups: Sequence[Group], studies: Sequence[Study]) -> list[Program]:
    """The programs of the studies whose seeds are trained in lockstep."""
    seeds = dict(batch.slices)
    runs = [
        [(job, seed) for job in group.jobs for seed in seeds.get(job, ())]
        for group in groups
        if studies[group.jobs[0]].replicas == "lockstep"
    ]
    work = [(studies[group[0][0]], group) for group in runs if group]
    processes = _processes(sum(seconds_of(study, len(group)) for study, group in work), batch.workers)
    return [program for study, group in work for program in _programs(study, group, processes, batch.memory)]


def _programs(study: Study, runs: Sequence[tuple[int, int]], processes: int, memory: int) -> list[Program]:
    """Jobs and seeds of a group in programs of about the same size, small enough for the cache and the memory.

    Each process has the same number of programs; there are no more processes than the work is worth.
    """
    total = len(runs)
    processes = max(1, min(_processes(seconds_of(study, total), processes), total // FEW))
    fitting = max(1, memory // (processes * bytes_per_replica(study)))
    count = math.ceil(math.ceil(total / min(fitting, MANY)) / processes) * processes
    cuts = [round(total * cut / count) for cut in range(count + 1)]
    return [Program(_slices(runs[start:end]), replica_axis=total > 1) for start, end in pairwise(cuts) if end > start]


def _slices(runs: Sequence[tuple[int, int]]) -> tuple[StudySlice, ...]:
    return tuple(StudySlice(job, tuple(seed for _, seed in group)) for job, group in groupby(runs, key=itemgetter(0)))


def _seconds_of(program: Program, studies: Sequence[Study]) -> float:
    """The least time, in seconds, that a program takes."""
    return seconds_of(studies[program.slices[0].job], sum(len(seeds) for _, seeds in program.slices))


def run_study(
    study: Study,
    observer: Observer,
    *,
    batches: Sequence[Batch] = (),
    keeper: Keeper | None = None,
) -> StudyResult:
    """Train every seed of the study and return the result; `observer` is notified of all events.

    A seed that fails, because it diverges, its data cannot be loaded or its worker is lost, is a failed run and a row of the
    result; the other seeds are not affected. If no seed can be trained, the first error is raised. For the arguments, and for how a
    study is stopped, see `run_together`.
    """
    ((_, outcome),) = run_together([study], observer, study.workers, batches=batches, keeper=keeper)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def refuse_if_all_diverged(result: StudyResult) -> None:
    """Raise Diverged if every seed of the study diverged."""
    if len(result.failures) == len(result.seeds):
        first = result.seeds[0]
        which = f"seed {first}" if len(result.seeds) == 1 else f"all {len(result.seeds)} seeds, seed {first} for one,"
        raise Diverged(f"{which} {result.failures[first]}; a smaller optimizer.lr may help")
