"""Worker processes: each trains programs of a launch one after another, and what happens in it is reported in this process."""

from __future__ import annotations

import copy
import io
import logging
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from multiprocessing.connection import Connection, wait
from typing import Any, Final, NamedTuple

import torch

from regnet.config.build_study import assemble
from regnet.errors import RegnetError
from regnet.events import EpochEnded, Event, RunEnded, RunFailed, RunStarted
from regnet.processes.child import POLL, SILENCE, Child, ChildEnded
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Audience
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.program import Outcome, Program, Share, run_program

TARGET: Final = "regnet.training.worker_pool:serve"
INTERRUPTED_SECONDS: Final = 2.0
"""How long interrupted workers have to report what became of their runs."""
START_SECONDS: Final = 1.6
"""What it takes to start workers, mostly loading torch: measured with two of them on two cores."""


class WorkerDied(RegnetError):
    """A worker ended, or stopped answering, while it was training."""


def can_start_workers() -> bool:
    """Whether this system can: connections are handed to them as Unix does it."""
    return os.name == "posix"


def run_in_workers(programs: Iterable[Program], studies: Sequence[Study], audience: Audience, count: int) -> Iterator[Outcome]:
    """Trains the programs in up to `count` processes at once; yields what became of each share.

    A worker that ends early, or does not answer, takes its program with it: the outcome of the shares that were not done is
    `WorkerDied`. The programs that are left go to the others, and to a new worker in its place.
    """
    waiting = iter(programs)
    workers: list[_Worker] = []
    try:
        while True:
            busy = [worker for worker in workers if worker.busy]
            while len(busy) < count and (program := next(waiting, None)):
                busy.append(_idle(workers))
                busy[-1].start(program, studies, audience)
            if not busy:
                return
            ready = wait([worker.connection for worker in busy], POLL)
            for worker in busy:
                yield from worker.attend(studies, audience) if worker.connection in ready else worker.check(audience)
            workers = [worker for worker in workers if not worker.ended]
    except BaseException:
        _interrupt_all([worker for worker in workers if worker.busy], studies, audience)
        raise
    finally:
        for worker in workers:
            worker.end()


def _idle(workers: list[_Worker]) -> _Worker:
    """A worker that has nothing to do: a new one if there is none."""
    for worker in workers:
        if not worker.busy:
            return worker
    try:
        workers.append(_Worker(Child(TARGET)))
    except RegnetError as error:
        raise RegnetError(f"{error} (workers=1 trains in this one)") from error
    return workers[-1]


def _interrupt_all(busy: Sequence[_Worker], studies: Sequence[Study], audience: Audience) -> None:
    for worker in busy:
        worker.child.interrupt()
    late = threading.Timer(INTERRUPTED_SECONDS, _kill_all, [busy])
    late.daemon = True
    late.start()
    for worker in busy:
        worker.drain(studies, audience)
    late.cancel()


class _Recipe(NamedTuple):
    """What a worker assembles a study from, and the sizes that its data must have."""

    config: Mapping[str, Any]
    features: int
    examples: tuple[int, int]

    @classmethod
    def of(cls, study: Study) -> _Recipe:
        return cls(study.config, study.features, study.examples)

    def assemble(self, catalog: Catalog) -> Study:
        return replace(assemble(self.config, catalog), features=self.features, examples=self.examples)


@dataclass(frozen=True)
class _Task:
    """What a worker is given."""

    program: Program
    recipes: Mapping[int, _Recipe]
    """For each job of the program, how to make its study: objects of a plugin's classes need not be fit for pickling."""
    may_stop: bool
    """Whether the answer to each epoch has to be waited for."""
    log_level: int


def _kill_all(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.child.kill()


@dataclass
class _Worker:
    """A worker, seen from the process that started it."""

    child: Child
    ended: bool = False
    _program: Program | None = None
    _unfinished: set[Share] = field(default_factory=set)
    """What is not known the outcome of yet."""
    _running: dict[tuple[int, int], RunStarted] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        return self.child.connection

    @property
    def busy(self) -> bool:
        """Whether it has a program that it has not finished."""
        return self._program is not None and not self.ended

    def start(self, program: Program, studies: Sequence[Study], audience: Audience) -> None:
        """Hands over a program."""
        self._program, self._unfinished = program, set(program.shares)
        recipes = {share.job: _Recipe.of(studies[share.job]) for share in program.shares}
        task = _Task(program, recipes, audience.may_stop, logging.getLogger().getEffectiveLevel())
        with suppress(ChildEnded):  # which `attend` finds out and explains
            self.child.write(pickle.dumps(task))

    def attend(self, studies: Sequence[Study], audience: Audience, *, ask: bool = True) -> Iterator[Outcome]:
        """Reads a message and passes it on; after an epoch `ask` those who listen which seeds are to stop."""
        try:
            message = self.child.read()
        except ChildEnded as error:
            yield from self._lost(str(error), audience, interrupted=not ask)
            return
        kind, content = _Unpickler(io.BytesIO(message), studies).load()
        match kind:
            case "events":
                self._report(content, audience)
            case "epoch":
                events, ended = content
                self._report(events, audience)
                if ask:
                    stop = audience.end_epoch(ended)
                    if audience.may_stop:
                        self.child.write(pickle.dumps(stop))
                else:
                    self._report(ended, audience)
            case "outcome":
                self._unfinished.discard(content[0])
                yield content
            case "log":
                logger = logging.getLogger(content.name)
                if logger.isEnabledFor(content.levelno):
                    logger.handle(content)
            case "done":
                self._program = None

    def check(self, audience: Audience) -> Iterator[Outcome]:
        """Looks whether it still works, when it has sent nothing for a while."""
        if self.child.silence > SILENCE:
            reason = f"{self.child.unresponsive()}: a data set that has to wait so long for something needs workers=1"
            yield from self._lost(reason, audience)

    def drain(self, studies: Sequence[Study], audience: Audience) -> None:
        """Passes on what an interrupted worker still sends, until it ends; runs that it says nothing more of were interrupted."""
        try:
            while self.busy:
                for _ in self.attend(studies, audience, ask=False):
                    pass
        except Exception:  # a listener that fails has been reported before
            self.child.kill()

    def end(self) -> None:
        """Ends the process: by itself if it has nothing to do."""
        self.child.end(grace=0 if self.busy else 1)

    def _report(self, events: Sequence[Event], audience: Audience) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self._running[id(event.study), event.seed] = event
            elif isinstance(event, RunFailed):
                self._running.pop((id(event.study), event.seed), None)
            elif isinstance(event, RunEnded):
                self._running.pop((id(event.study), event.result.seeds[0]), None)
            audience.tell(event)

    def _lost(self, how: str, audience: Audience, *, interrupted: bool = False) -> Iterator[Outcome]:
        self.ended = True
        assert self._program is not None
        reason = f"worker {how} while it trained {_describe(self._program)}"
        if "SIGKILL" in how:
            reason += ": probably out of memory (allow less of it, or fewer workers)"
        for event in self._running.values():
            audience.tell(RunFailed(event.study, event.seed, "interrupted" if interrupted else reason, interrupted))
        yield from ((share, WorkerDied(reason)) for share in sorted(self._unfinished))


def _describe(program: Program) -> str:
    """Which seeds a program has: ``seeds 0 to 149``, or those of many jobs."""
    seeds = sorted({seed for share in program.shares for seed in share.seeds})
    spans = [[seed for _, seed in run] for _, run in groupby(enumerate(seeds), key=lambda pair: pair[1] - pair[0])]
    named = ", ".join(f"{span[0]} to {span[-1]}" if len(span) > 1 else str(span[0]) for span in spans[:3])
    rest = f" and {len(spans) - 3} more" if len(spans) > 3 else ""
    jobs = len({share.job for share in program.shares})
    return f"seed{'s' if len(seeds) > 1 else ''} {named}{rest}" + (f" of {jobs} jobs" if jobs > 1 else "")


def serve(connection: Connection) -> None:
    """What runs in a worker: trains each program that comes, until the connection is closed."""
    signal.signal(signal.SIGTERM, _interrupt)
    relay = _Relay(connection)
    logging.getLogger().addHandler(_LogRelay(relay))
    catalog = load_catalog()
    with suppress(KeyboardInterrupt, EOFError, ConnectionError):  # in the latter cases nobody is left to report to
        while True:
            _train(pickle.loads(connection.recv_bytes()), catalog, relay)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads it
            stream.flush()
    os._exit(0)  # torch takes a while to be torn down


def _train(task: _Task, catalog: Catalog, relay: _Relay) -> None:
    logging.getLogger().setLevel(task.log_level)
    relay.studies, relay.may_stop = {}, task.may_stop
    try:
        for job, recipe in task.recipes.items():
            try:
                relay.studies[job] = recipe.assemble(catalog)
            except Exception as error:
                for share in task.program.shares:
                    if share.job == job:
                        relay.end(share, error)
        shares = tuple(share for share in task.program.shares if share.job in relay.studies)
        program = Program(shares, task.program.replica_axis)
        for share, outcome in run_program(program, relay.studies, relay):
            relay.end(share, outcome)
    finally:
        relay.flush()
    relay.done()


class _Relay:
    """The audience in a worker: passes everything on to the one in the process that started it."""

    def __init__(self, connection: Connection) -> None:
        self.studies: dict[int, Study] = {}
        """Those of the program at hand, by job."""
        self.may_stop = False
        self._connection = connection
        self._events: list[Event] = []
        self._lock = threading.RLock()

    def tell(self, event: Event) -> None:
        self._events.append(event)

    def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
        with _uninterrupted():
            self.send("epoch", (self._events, ended))
            self._events = []
        return pickle.loads(self._connection.recv_bytes()) if self.may_stop else [set() for _ in ended]

    def flush(self) -> None:
        """Sends the events that wait for the end of an epoch."""
        with _uninterrupted():
            if self._events:
                self.send("events", self._events)
            self._events = []

    def end(self, share: Share, outcome: StudyResult | Exception) -> None:
        """Sends what became of a share, after everything that happened."""
        self.flush()
        self.send("outcome", (share, _portable(outcome) if isinstance(outcome, Exception) else outcome))

    def done(self) -> None:
        """Says that the program is finished."""
        self.send("done", None)

    def send(self, kind: str, content: Any) -> None:
        buffer = io.BytesIO()
        _Pickler(buffer, self.studies).dump((kind, content))
        with _uninterrupted(), self._lock:
            self._connection.send_bytes(buffer.getbuffer())


class _LogRelay(logging.Handler):
    """Passes log records on, as text: they are logged where the launch's own are."""

    def __init__(self, relay: _Relay) -> None:
        super().__init__()
        self._relay = relay

    def emit(self, record: logging.LogRecord) -> None:
        text = copy.copy(record)
        text.msg, text.args = record.getMessage(), None
        if record.exc_info:
            text.exc_text, text.exc_info = logging.Formatter().formatException(record.exc_info), None
        self._relay.send("log", text)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Context manager in which the process is not interrupted: a message goes out whole, and once."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _portable(error: Exception) -> Exception:
    """The error as it can be sent to another process, with its traceback as a note."""
    error.add_note("".join(traceback.format_tb(error.__traceback__)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RegnetError(str(error)) if isinstance(error, RegnetError) else RuntimeError(f"{type(error).__name__}: {error}")
    return error


class _Pickler(pickle.Pickler):
    """Leaves out what both processes have: the studies, their networks and their configs."""

    def __init__(self, file: io.BytesIO, studies: Mapping[int, Study]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(shared): (job, which) for job, study in studies.items() for which, shared in enumerate(_shared(study))}

    def persistent_id(self, obj: Any) -> tuple[int, int] | None:
        return self._names.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        """Tensors as arrays, which take a fifth of the time."""
        return (torch.from_numpy, (obj.detach().cpu().numpy(),)) if type(obj) is torch.Tensor else NotImplemented


class _Unpickler(pickle.Unpickler):
    """Puts this process's own in their place."""

    def __init__(self, file: io.BytesIO, studies: Sequence[Study]) -> None:
        super().__init__(file)
        self._studies = studies

    def persistent_load(self, pid: Any) -> Any:
        job, which = pid
        return _shared(self._studies[job])[which]


def _shared(study: Study) -> tuple[Study, object, object]:
    return study, study.network, study.config
