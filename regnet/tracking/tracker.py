"""The MLflow tracker: a listener that sends the events of every study of a launch to the writing process."""

from __future__ import annotations

import itertools
import logging
import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from regnet.data.prepare import Data
from regnet.encoding import well_formed
from regnet.errors import ConfigError, StoreAway, TrackingError, one_of
from regnet.events import EpochEnded, ListenerFailed, RunEnded, RunFailed, RunStarted, StudyStarted
from regnet.hookspecs import hookimpl
from regnet.launch_folder.owner import Owner, record_writer
from regnet.launch_folder.plan import LaunchName
from regnet.launch_folder.revision import git_commit
from regnet.study.study import Study
from regnet.tracking.records import data_seen, run_ended, study_begun, study_tags
from regnet.tracking.store import messages
from regnet.tracking.store.messages import (
    FAILURE,
    OWNER_TAG,
    Destination,
    Record,
)
from regnet.tracking.store.uri import destination
from regnet.tracking.write.model_selection import check_choice
from regnet.tracking.write.process import Channel, writing_process

NAMES = ("mlflow", "none")
FIRST_DELAY, LONGEST_DELAY = 5.0, 60.0
"""Limits in seconds of the time between two attempts to open a store that is away; the first follows at once."""

log = logging.getLogger("regnet")

_away: set[Destination] = set()
"""The destinations of which this process has reported that they are away."""


@dataclass
class _Tracked:
    """A tracked study, and the numbers that stand for it, its runs and its data in messages."""

    study: Study
    number: int
    line: _Line
    runs: dict[int, int] = field(default_factory=dict)
    """The number of each run, by seed."""
    active: dict[int, RunStarted] = field(default_factory=dict)
    """The runs that have started and not ended, by seed."""
    gaps: set[int] = field(default_factory=set)
    """The seeds of active runs of which not everything was sent."""
    data: tuple[Data, int] | None = None
    """The data of the last run, and its number."""


class _Line:
    """The connection to one destination, which is opened again from time to time while the store is away."""

    def __init__(self, target: Destination, folder: Path | None) -> None:
        self.target = target
        self._folder = folder
        self.complete = True
        """Whether everything was sent and, as far as is known, written."""
        self._channel: Channel | None = self._open()
        self._delay = 0.0
        self._next = 0.0

    def send(self, record: Record) -> None:
        """Send a record, or drop it while the store is away."""
        if self._channel is not None:
            self._channel.send(record)
        else:
            self.complete = False

    def check(self) -> bool:
        """Check whether the store is there; return whether the connection was opened again, so that it knows nothing.

        Raises:
            TrackingError: the destination is a mistake of the user.
        """
        if self._channel is None:
            if time.monotonic() < self._next:
                return False
            self._channel = self._open()
            return True
        problem = self._channel.problem
        if problem is not None:
            self._lose(problem)
        return False

    def close(self) -> None:
        """Wait until everything that was sent is written, or is known to be lost.

        Raises:
            TrackingError: the destination is a mistake of the user.
        """
        if self._channel is not None:
            try:
                self._channel.close()
            except StoreAway as error:
                self._lose(error)
            else:
                _away.discard(self.target)

    def _open(self) -> Channel:
        process = writing_process()
        if self._folder is not None:
            record_writer(self._folder, process.pid)
        return process.open(self.target)

    def _lose(self, problem: TrackingError) -> None:
        if not isinstance(problem, StoreAway):
            self._channel, self._next = None, math.inf
            raise problem
        if self.target not in _away:
            _away.add(self.target)
            log.warning("regnet: %s; training continues, and the runs that the store misses are written later", problem)
        self.complete = False
        self._channel, self._next = None, time.monotonic() + self._delay
        self._delay = min(max(2 * self._delay, FIRST_DELAY), LONGEST_DELAY)


class MlflowTracker:
    """A listener that creates one MLflow run for each seed of each tracked study, in the store that its configuration names.

    While a store is away, training continues. The runs that it misses can be written later, from the launch's folder.

    Args:
        launch: the names of the launch.
        folder: the launch's folder.
    """

    regnet_fatal = True  # its only errors are mistakes of the user, such as an address that no store can have

    def __init__(self, launch: LaunchName, folder: Path | None = None) -> None:
        self._launch = LaunchName(well_formed(launch.name), well_formed(launch.id))
        self._folder = folder
        self._numbers = itertools.count()
        self._lines: dict[Destination, _Line] = {}
        self._studies: dict[int, _Tracked] = {}

    def close(self) -> bool:
        """Wait until everything is written; return whether it is.

        Raises:
            TrackingError: a destination is a mistake of the user, and no study has raised this error before.
        """
        for line in self._lines.values():
            line.close()
        return all(line.complete for line in self._lines.values())

    @hookimpl
    def regnet_study_started(self, event: StudyStarted) -> None:
        self._tracked(event.study)

    @hookimpl
    def regnet_run_started(self, event: RunStarted) -> None:
        tracked = self._checked(event.study)
        if tracked is not None:
            tracked.runs[event.seed] = next(self._numbers)
            tracked.active[event.seed] = event
            self._send_start(tracked, event)

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        tracked = self._checked(event.study)
        if tracked is None:
            return
        runs = tuple(tracked.runs[seed] for seed in event.seeds)
        metrics = dict(sorted(event.metrics.items()))  # MLflow's compare page shows the first: test/error_rate
        tracked.line.send(messages.EpochMeasured(runs, event.epoch, _now(), metrics))

    @hookimpl
    def regnet_run_ended(self, event: RunEnded) -> None:
        tracked = self._checked(event.study)
        if tracked is None:
            return
        (seed,) = event.result.seeds
        tracked.active.pop(seed, None)
        ended = run_ended(tracked.runs[seed], seed, event.result, _now())
        tracked.line.send(ended if seed in tracked.gaps else replace(ended, history=None))

    @hookimpl
    def regnet_run_failed(self, event: RunFailed) -> None:
        tracked = self._tracked(event.study)
        if tracked is None:
            return
        if event.seed not in tracked.runs:  # for example, its data cannot be loaded
            tracked.runs[event.seed] = next(self._numbers)
            tracked.line.send(messages.RunBegun(tracked.runs[event.seed], tracked.number, None, event.seed, _now()))
        tracked.active.pop(event.seed, None)
        status = "KILLED" if event.interrupted else "FAILED"
        tracked.line.send(messages.RunEnded(tracked.runs[event.seed], _now(), status, tags={FAILURE: event.reason}))

    @hookimpl
    def regnet_listener_failed(self, event: ListenerFailed) -> None:
        tags = {"regnet.listener_failed": f"{event.listener} in {event.hook}: {event.reason}"}
        for tracked in self._studies.values():
            tracked.line.send(messages.RunsTagged(tuple(tracked.runs.values()), tags))

    def _tracked(self, study: Study) -> _Tracked | None:
        """Return the record of a study, which starts with its first event; None if the study is not tracked.

        Studies are distinguished by object identity: two jobs may have equal configurations.
        """
        if id(study) not in self._studies and _is_tracked(study):
            check_choice(study.config)
            target = destination(study.config["tracking"])
            if target not in self._lines:
                self._lines[target] = _Line(target, self._folder)
            tracked = self._studies[id(study)] = _Tracked(study, next(self._numbers), self._lines[target])
            self._send_study(tracked)
        return self._studies.get(id(study))

    def _checked(self, study: Study) -> _Tracked | None:
        """Return the record of a study after checking its connection; if that was opened again, send what it needs to know."""
        tracked = self._tracked(study)
        if tracked is not None and tracked.line.check():
            for other in self._studies.values():
                if other.line is tracked.line and (other.active or other is tracked):
                    self._send_again(other)
        return tracked

    def _send_again(self, tracked: _Tracked) -> None:
        self._send_study(tracked)
        tracked.data = None
        for seed, event in tracked.active.items():
            tracked.gaps.add(seed)
            self._send_start(tracked, event)

    def _send_study(self, tracked: _Tracked) -> None:
        tags = {**study_tags(tracked.study, self._launch, git_commit()), OWNER_TAG: Owner.this().to_json()}
        tracked.line.send(study_begun(tracked.number, tracked.study, tags))

    def _send_start(self, tracked: _Tracked, event: RunStarted) -> None:
        if tracked.data is None or tracked.data[0] is not event.data:
            tracked.data = (event.data, next(self._numbers))
            tracked.line.send(data_seen(tracked.data[1], event.study.config, event.data))
        run = tracked.runs[event.seed]
        tracked.line.send(messages.RunBegun(run, tracked.number, tracked.data[1], event.seed, _now()))


def _is_tracked(study: Study) -> bool:
    name = str(study.config["tracking"].get("name"))
    if name not in NAMES:
        raise ConfigError(f"unknown tracking {name!r}: {one_of(name, NAMES)}")
    return name == "mlflow"


def _now() -> int:
    return int(time.time() * 1000)
