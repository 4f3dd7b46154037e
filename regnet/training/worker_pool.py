"""Worker processes: each trains programs of a launch one at a time, and its events are reported in this process."""

from __future__ import annotations

import io
import logging
import os
import pickle
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing.connection import Connection, wait
from typing import Final

from regnet.errors import RegnetError
from regnet.events import Event, RunEnded, RunFailed
from regnet.processes.child import POLL, SILENCE, Child, ChildEnded
from regnet.study.result import StudyResult
from regnet.training.program import Outcome, Program, Session, StudySlice, reason_of, report_end
from regnet.training.worker_messages import Recipe, StudyUnpickler, Task

TARGET: Final = "regnet.training.worker:serve"
INTERRUPTED_SECONDS: Final = 2.0
"""How long workers have to report the outcomes of their runs when they are interrupted at once."""
IDLE_SECONDS: Final = 3.0
"""How long an interrupted worker may neither send anything nor use its processor: it is not finishing an epoch."""
STOP_SECONDS: Final = 30.0
"""How long they have to finish an epoch when they are stopped in order; the signal that stops them may have a shorter limit."""
START_SECONDS: Final = 1.6
"""The time to start workers, mostly for loading torch: measured with two workers on two cores."""


class WorkerDied(RegnetError):
    """A worker ended, or stopped responding, while it was training."""


def can_start_workers() -> bool:
    """Whether this system can start workers: they inherit their connections in the way of Unix."""
    return os.name == "posix"


def run_in_workers(programs: Iterable[Program], session: Session, count: int) -> Iterator[Outcome]:
    """Train the programs in up to `count` processes at once, and yield the outcome of each slice.

    If a worker ends early or does not respond, the outcome of the unfinished slices of its program is `WorkerDied`. The
    remaining programs are trained by the other workers, and by a new one that replaces it.

    Raises:
        KeyboardInterrupt: a stop was requested; the workers have finished their epochs.
    """
    waiting = iter(programs)
    workers: list[_Worker] = []
    try:
        while True:
            session.stop.check()
            busy = [worker for worker in workers if worker.busy]
            while len(busy) < count and (program := next(waiting, None)):
                busy.append(_idle(workers))
                busy[-1].start(program, session)
            if not busy:
                return
            ready = wait([worker.connection for worker in busy], POLL)
            for worker in busy:
                yield from worker.attend(session) if worker.connection in ready else worker.check(session)
            workers = [worker for worker in workers if not worker.ended]
    except BaseException:
        patience = STOP_SECONDS if session.stop.requested else INTERRUPTED_SECONDS
        _interrupt_all([worker for worker in workers if worker.busy], session, patience)
        raise
    finally:
        for worker in workers:
            worker.end()


def _idle(workers: list[_Worker]) -> _Worker:
    """An idle worker, or a new one if there is none."""
    for worker in workers:
        if not worker.busy:
            return worker
    try:
        workers.append(_Worker(Child(TARGET)))
    except RegnetError as error:
        raise RegnetError(f"{error} (workers=1 trains in this one)") from error
    return workers[-1]


def _interrupt_all(busy: Sequence[_Worker], session: Session, patience: float) -> None:
    """Let the workers finish their epochs, and end those that take longer than `patience`, or all if a second signal arrives."""
    for worker in busy:
        worker.child.interrupt()
    late = threading.Timer(patience, _kill_all, [busy])
    late.daemon = True
    late.start()
    try:
        _drain_all(busy, session)
    except KeyboardInterrupt:
        _kill_all(busy)
        _drain_all(busy, session, ask=False)
    late.cancel()


def _drain_all(workers: Sequence[_Worker], session: Session, *, ask: bool = True) -> None:
    """Forward the messages of interrupted workers until they end; one that does nothing is ended."""
    while busy := [worker for worker in workers if worker.busy]:
        ready = wait([worker.connection for worker in busy], POLL)
        for worker in busy:
            if worker.connection in ready:
                worker.drain(session, ask=ask)
            elif worker.child.silence > IDLE_SECONDS:
                worker.child.kill()


def _kill_all(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.child.kill()


@dataclass
class _Worker:
    """A worker, seen from the process that started it."""

    child: Child
    ended: bool = False
    _program: Program | None = None
    _unfinished: dict[int, list[int]] = field(default_factory=dict)
    """The seeds without an outcome so far, by job."""
    _results: dict[StudySlice, StudyResult] = field(default_factory=dict)
    """The results of slices whose runs have not all been reported as ended."""
    _reported: set[tuple[int, int]] = field(default_factory=set)
    """The runs that were reported as ended or failed, by their study's object and their seed."""

    @property
    def connection(self) -> Connection:
        return self.child.connection

    @property
    def busy(self) -> bool:
        """Whether it has an unfinished program."""
        return self._program is not None and not self.ended

    def start(self, program: Program, session: Session) -> None:
        """Send a program to the worker."""
        self._program, self._unfinished = program, {part.job: list(part.seeds) for part in program.unfinished_slices}
        self._reported.clear()
        recipes = {part.job: Recipe.of(session.studies[part.job]) for part in program.slices}
        task = Task(program, recipes, session.observer.may_stop, logging.getLogger().getEffectiveLevel())
        with suppress(ChildEnded):  # `attend` reports it
            self.child.write(pickle.dumps(task))

    def attend(self, session: Session, *, interrupted: bool = False, ask: bool = True) -> Iterator[Outcome]:
        """Read a message and forward it; after an epoch, if `ask`, send the seeds to stop, as the observer returns them."""
        try:
            message = self.child.read()
        except ChildEnded as error:
            yield from self._lost(str(error), session, interrupted=interrupted)
            return
        kind, content = StudyUnpickler(io.BytesIO(message), session.studies).load()
        match kind:
            case "events":
                self._report(content, session)
            case "epoch":
                events, ended = content
                self._report(events, session)
                if ask:
                    stop = session.observer.end_epoch(ended)
                    if session.observer.may_stop:
                        self.child.write(pickle.dumps(stop))
                else:
                    self._report(ended, session)
            case "result":
                part, result = content
                session.keep(part, result)
                self._results[part] = result
            case "end":
                part, problem = content
                self._unfinished[part.job] = [seed for seed in self._unfinished[part.job] if seed not in part.seeds]
                if problem is not None:
                    self._report_failed(part, reason_of(problem), session)
                yield part, problem or self._results.pop(part)
            case "log":
                logger = logging.getLogger(content.name)
                if logger.isEnabledFor(content.levelno):
                    logger.handle(content)
            case "done":
                self._program = None

    def check(self, session: Session) -> Iterator[Outcome]:
        """Check whether the worker still responds, after it has sent nothing for a while."""
        if self.child.silence > SILENCE:
            reason = f"{self.child.unresponsive()}: a data set that has to wait so long for something needs workers=1"
            yield from self._lost(reason, session)

    def drain(self, session: Session, *, ask: bool) -> None:
        """Forward a message of an interrupted worker; when it has ended, runs without an outcome were interrupted."""
        try:
            for _ in self.attend(session, interrupted=True, ask=ask):
                pass
        except Exception:  # a failed listener has been reported before
            self.child.kill()

    def end(self) -> None:
        """End the process; an idle one gets a second to end by itself."""
        self.child.end(grace=0 if self.busy else 1)

    def _report(self, events: Sequence[Event], session: Session) -> None:
        for event in events:
            if isinstance(event, RunFailed):
                self._reported.add((id(event.study), event.seed))
            elif isinstance(event, RunEnded):
                self._reported.add((id(event.study), event.result.seeds[0]))
            session.observer.notify(event)

    def _report_failed(self, part: StudySlice, reason: str, session: Session, *, interrupted: bool = False) -> None:
        """Report the seeds as failed that have not been reported as ended or failed."""
        study = session.studies[part.job]
        for seed in part.seeds:
            if (id(study), seed) not in self._reported:
                session.observer.notify(RunFailed(study, seed, reason, interrupted))

    def _lost(self, how: str, session: Session, *, interrupted: bool = False) -> Iterator[Outcome]:
        self.ended = True
        assert self._program is not None
        reason = f"worker {how} while it trained {_describe(self._program)}"
        if "SIGKILL" in how:
            reason += ": probably out of memory (allow less of it, or fewer workers)"
        for part, result in self._results.items():
            self._unfinished[part.job] = [seed for seed in self._unfinished[part.job] if seed not in part.seeds]
            study = session.studies[part.job]
            for seed in part.seeds:
                if (id(study), seed) not in self._reported:
                    report_end(study, seed, result, session.observer)
            yield part, result
        shown = "interrupted" if interrupted else reason
        for part in [StudySlice(job, tuple(seeds)) for job, seeds in sorted(self._unfinished.items()) if seeds]:
            self._report_failed(part, shown, session, interrupted=interrupted)
            yield part, WorkerDied(reason)


def _describe(program: Program) -> str:
    """The seeds of a program in words: ``seeds 0 to 149``, or ``seeds 0 to 9 of 3 jobs``."""
    seeds = sorted({seed for part in program.slices for seed in part.seeds})
    spans = [[seed for _, seed in run] for _, run in groupby(enumerate(seeds), key=lambda pair: pair[1] - pair[0])]
    named = ", ".join(f"{span[0]} to {span[-1]}" if len(span) > 1 else str(span[0]) for span in spans[:3])
    rest = f" and {len(spans) - 3} more" if len(spans) > 3 else ""
    jobs = len({part.job for part in program.slices})
    return f"seed{'s' if len(seeds) > 1 else ''} {named}{rest}" + (f" of {jobs} jobs" if jobs > 1 else "")
