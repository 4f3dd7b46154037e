"""Worker processes: each trains some programs of a launch, and what happens in it is told in the process that started it."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

import torch

from regnet.errors import RegnetError
from regnet.events import EpochEnded, Event, RunEnded, RunFailed, RunStarted
from regnet.listeners import Audience
from regnet.program import Outcome, Program, Share, run_program
from regnet.results import StudyResult
from regnet.study import Study

START: Final = "fork"
"""How processes are started: as copies of this one, so that studies and plugins are there at once."""


class WorkerDied(RegnetError):
    """A process was killed, or crashed, while it was training."""


def possible() -> bool:
    """Whether this system can copy a process."""
    return START in multiprocessing.get_all_start_methods()


def run_in_workers(programs: Iterable[Program], studies: Sequence[Study], audience: Audience, count: int) -> Iterator[Outcome]:
    """Trains the programs in up to `count` processes at once, each in one of its own; yields what became of each share.

    A process that dies takes its program with it: the outcome of the shares that were not done is `WorkerDied`.
    """
    waiting = iter(programs)
    workers: dict[Connection, _Worker] = {}
    try:
        while True:
            for program in islice(waiting, count - len(workers)):
                worker = _Worker.start(program, studies)
                workers[worker.connection] = worker
            if not workers:
                return
            for connection in wait(list(workers)):
                assert isinstance(connection, Connection)
                yield from workers[connection].attend(studies, audience)
                if workers[connection].ended:
                    workers.pop(connection).process.join()
    except BaseException:
        for worker in workers.values():
            worker.process.terminate()
        for worker in workers.values():
            worker.hear_out(studies, audience)
        raise


@dataclass
class _Worker:
    """A process that trains one program, seen from the one that started it."""

    process: BaseProcess
    connection: Connection
    unfinished: set[Share]
    """What is not known the outcome of yet."""
    ended: bool = False
    _running: dict[tuple[int, int], RunStarted] = field(default_factory=dict)

    @classmethod
    def start(cls, program: Program, studies: Sequence[Study]) -> _Worker:
        context = multiprocessing.get_context(START)
        here, there = context.Pipe()
        process = context.Process(target=_work, args=(program, studies, there, here), daemon=True)
        process.start()
        there.close()
        return cls(process, here, set(program.shares))

    def attend(self, studies: Sequence[Study], audience: Audience, *, asking: bool = True) -> Iterator[Outcome]:
        """Hears what the process has to say, and passes it on; an epoch is `asking` who is to stop, unless everyone is."""
        try:
            kind, content = _Unpickler(io.BytesIO(self.connection.recv_bytes()), studies).load()
        except (EOFError, ConnectionError):
            self.ended = True
            yield from self._lost(studies, audience)
            return
        match kind:
            case "events":
                self._tell(content, audience)
            case "epoch":
                events, ended = content
                self._tell(events, audience)
                if asking:
                    stop = audience.end_epoch(ended)
                    with suppress(ConnectionError):  # it has died, as the next message says
                        self.connection.send(stop)
                else:
                    self._tell(ended, audience)
            case "outcome":
                self.unfinished.discard(content[0])
                yield content

    def hear_out(self, studies: Sequence[Study], audience: Audience) -> None:
        """Passes on what an interrupted process still has to say: what had happened, and which runs were interrupted."""
        try:
            while not self.ended:
                for _ in self.attend(studies, audience, asking=False):
                    pass
        except Exception:  # whoever cannot listen any more has said so before
            self.process.kill()
        self.process.join()

    def _tell(self, events: Sequence[Event], audience: Audience) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self._running[id(event.study), event.seed] = event
            elif isinstance(event, RunFailed):
                self._running.pop((id(event.study), event.seed), None)
            elif isinstance(event, RunEnded):
                self._running.pop((id(event.study), event.result.seeds[0]), None)
            audience.tell(event)

    def _lost(self, studies: Sequence[Study], audience: Audience) -> Iterator[Outcome]:
        self.process.join()
        if not self.unfinished:
            return
        reason = f"a worker process ended with exit code {self.process.exitcode} while it was training"
        if self.process.exitcode == -signal.SIGKILL:
            reason += ": probably out of memory (allow less of it, or fewer workers)"
        for event in self._running.values():
            audience.tell(RunFailed(event.study, event.seed, reason, interrupted=False))
        yield from ((share, WorkerDied(reason)) for share in sorted(self.unfinished))


class _Relay:
    """The audience in a worker process: passes everything on to the one in the process that started it."""

    def __init__(self, connection: Connection, studies: Sequence[Study]) -> None:
        self._connection = connection
        self._studies = studies
        self._events: list[Event] = []
        self.may_stop = True

    def tell(self, event: Event) -> None:
        self._events.append(event)

    def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
        with _uninterrupted():
            self._send("epoch", (self._events, ended))
            self._events = []
        return self._connection.recv()  # type: ignore[no-any-return]

    def flush(self) -> None:
        """Sends the events that wait for the end of an epoch."""
        with _uninterrupted():
            self._send("events", self._events)
            self._events = []

    def end(self, share: Share, outcome: StudyResult | Exception) -> None:
        """Sends what became of a share, after everything that happened."""
        self.flush()
        with _uninterrupted():
            self._send("outcome", (share, _portable(outcome) if isinstance(outcome, Exception) else outcome))

    def _send(self, kind: str, content: Any) -> None:
        buffer = io.BytesIO()
        _Pickler(buffer, self._studies).dump((kind, content))
        self._connection.send_bytes(buffer.getvalue())


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Within it the process is not interrupted: a message goes out whole, and once."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _work(program: Program, studies: Sequence[Study], connection: Connection, other_end: Connection) -> None:
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: the first one passes it on
    signal.signal(signal.SIGTERM, _interrupt)
    relay = _Relay(connection, studies)
    with suppress(KeyboardInterrupt, ConnectionError):  # in the latter case there is nobody left to tell
        try:
            for share, outcome in run_program(program, studies, relay):
                relay.end(share, outcome)
        finally:
            relay.flush()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _portable(error: Exception) -> Exception:
    """The error as it can be sent to another process, with its traceback as a note."""
    error.add_note("".join(traceback.format_tb(error.__traceback__)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


class _Pickler(pickle.Pickler):
    """Leaves out what both processes have: the studies, their networks and their configs."""

    def __init__(self, file: io.BytesIO, studies: Sequence[Study]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {
            id(shared): (number, which) for number, study in enumerate(studies) for which, shared in enumerate(_shared(study))
        }

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
        number, which = pid
        return _shared(self._studies[number])[which]


def _shared(study: Study) -> tuple[Study, object, object]:
    return study, study.network, study.config
