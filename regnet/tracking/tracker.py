"""The MLflow tracker: a listener that sends the events of every study of a launch to the writing process."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from importlib.metadata import version

from regnet.data.prepare import Data
from regnet.encoding import well_formed
from regnet.errors import ConfigError, TrackingError, one_of
from regnet.events import EpochEnded, ListenerFailed, RunEnded, RunFailed, RunStarted, StudyStarted
from regnet.hookspecs import hookimpl
from regnet.launch_folder.revision import git_commit
from regnet.machine import describe_machine
from regnet.registry.selection import OWN
from regnet.serving.header import WEIGHTS
from regnet.serving.packing import pack
from regnet.study.identity import SEED_KEYS
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.tracking.store import messages
from regnet.tracking.store.messages import LABEL, STOPPED, Destination, params_of
from regnet.tracking.store.uri import destination
from regnet.tracking.write.model_selection import check_choice
from regnet.tracking.write.process import Channel, writing_process

NAMES = ("mlflow", "none")


@dataclass
class _Tracked:
    """A tracked study, and the numbers that stand for it, its runs and its data in messages."""

    study: Study
    number: int
    channel: Channel
    runs: dict[int, int] = field(default_factory=dict)
    """The number of each run, by seed."""
    data: tuple[Data, int] | None = None
    """The data of the last run, and its number."""


class MlflowTracker:
    """A listener that creates one MLflow run for each seed of each tracked study, in the store that its configuration names."""

    regnet_fatal = True  # training is useless if its results cannot be saved

    def __init__(self, launch: str) -> None:
        self._launch = well_formed(launch)
        self._numbers = itertools.count()
        self._channels: dict[Destination, Channel] = {}
        self._studies: dict[int, _Tracked] = {}

    def close(self) -> None:
        """Wait until everything is written.

        Raises:
            TrackingError: something cannot be written, and no study has raised this error before.
        """
        problems = []
        for channel in self._channels.values():
            try:
                channel.close()
            except TrackingError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    @hookimpl
    def regnet_study_started(self, event: StudyStarted) -> None:
        self._tracked(event.study)

    @hookimpl
    def regnet_run_started(self, event: RunStarted) -> None:
        tracked = self._tracked(event.study)
        if tracked is None:
            return
        tracked.channel.check()
        if tracked.data is None or tracked.data[0] is not event.data:
            tracked.data = (event.data, next(self._numbers))
            tracked.channel.send(_data_seen(tracked.data[1], event))
        run = tracked.runs[event.seed] = next(self._numbers)
        tracked.channel.send(messages.RunBegun(run, tracked.number, tracked.data[1], event.seed, _now()))

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        tracked = self._tracked(event.study)
        if tracked is None:
            return
        tracked.channel.check()
        runs = tuple(tracked.runs[seed] for seed in event.seeds)
        metrics = dict(sorted(event.metrics.items()))  # MLflow's compare page shows the first: test/error_rate
        tracked.channel.send(messages.EpochMeasured(runs, event.epoch, _now(), metrics))

    @hookimpl
    def regnet_run_ended(self, event: RunEnded) -> None:
        tracked = self._tracked(event.study)
        if tracked is None:
            return
        tracked.channel.check()
        (seed,) = event.result.seeds
        tracked.channel.send(_run_ended(tracked.runs[seed], seed, event.result))

    @hookimpl
    def regnet_run_failed(self, event: RunFailed) -> None:
        tracked = self._tracked(event.study)
        if tracked is None:
            return
        if event.seed not in tracked.runs:  # for example, its data cannot be loaded
            run = tracked.runs[event.seed] = next(self._numbers)
            tracked.channel.send(messages.RunBegun(run, tracked.number, None, event.seed, _now()))
        status = "KILLED" if event.interrupted else "FAILED"
        tags = {"regnet.failure": event.reason}
        tracked.channel.send(messages.RunEnded(tracked.runs[event.seed], _now(), status, tags=tags))

    @hookimpl
    def regnet_listener_failed(self, event: ListenerFailed) -> None:
        tags = {"regnet.listener_failed": f"{event.listener} in {event.hook}: {event.reason}"}
        for tracked in self._studies.values():
            tracked.channel.send(messages.RunsTagged(tuple(tracked.runs.values()), tags))

    def _tracked(self, study: Study) -> _Tracked | None:
        """Return the record of a study, which starts with its first event; None if the study is not tracked.

        Studies are distinguished by object identity: two jobs may have equal configurations.
        """
        if id(study) not in self._studies and _is_tracked(study):
            self._studies[id(study)] = self._start(study)
        return self._studies.get(id(study))

    def _start(self, study: Study) -> _Tracked:
        check_choice(study.config)
        target = destination(study.config["tracking"])
        if target not in self._channels:
            self._channels[target] = writing_process().open(target)
        tracked = _Tracked(study, next(self._numbers), self._channels[target])
        params = params_of({key: value for key, value in study.config.items() if key not in SEED_KEYS})
        tracked.channel.send(
            messages.StudyBegun(tracked.number, study.name, study.config, params=params, tags=_tags(study, self._launch))
        )
        return tracked


def _is_tracked(study: Study) -> bool:
    name = str(study.config["tracking"].get("name"))
    if name not in NAMES:
        raise ConfigError(f"unknown tracking {name!r}: {one_of(name, NAMES)}")
    return name == "mlflow"


def final_metrics(result: StudyResult) -> dict[str, float]:
    """Return the metrics of one seed after the last epoch, and its training time in seconds.

    A run trained in lockstep has the time of its group and its share of it, under other names than the time of a run trained alone.
    """
    final = {f"final/{name}": float(values[0, -1]) for name, values in result.history.items()}
    seconds, together = float(result.seconds[0]), int(result.together[0])
    if together == 1:
        return final | {"time/train_seconds": seconds}
    return final | {
        "time/lockstep_group_train_seconds": seconds,
        "time/lockstep_train_seconds_per_replica": seconds / together,
        "time/lockstep_replicas": together,
    }


def _tags(study: Study, launch: str) -> dict[str, str]:
    commit = git_commit()
    return {
        "regnet.role": "run",
        "regnet.study": study.identity,
        "regnet.study_name": study.name,
        LABEL: f"{study.name} · {study.identity[:4]}",  # replaced when all studies of the launch are known
        "regnet.launch": launch,
        "regnet.engine": study.engine,
        "regnet.replicas": study.replicas,
        messages.MEASURES: json.dumps({name: measure.as_plain() for name, measure in study.measures.items()}),
        messages.HEADLINE: study.headline,
        "regnet.report": str(study.config.get("report")),
        "regnet.machine": describe_machine(),
        "regnet.version": version(OWN),
        "regnet.plugins": ", ".join(map(str, study.origins)),
    } | ({"mlflow.source.git.commit": commit} if commit else {})


def _data_seen(number: int, event: RunStarted) -> messages.DataSeen:
    examples = {"training": event.data.train, "validation": event.data.validation, "testing": event.data.test}
    splits = {use: (split.x.numpy(), split.y.numpy()) for use, split in examples.items() if split}
    return messages.DataSeen(number, str(event.study.config["dataset"]["name"]), splits)


def _run_ended(run: int, seed: int, result: StudyResult) -> messages.RunEnded:
    return messages.RunEnded(
        run,
        _now(),
        "FINISHED",
        step=next(iter(result.history.values())).shape[1],
        metrics=final_metrics(result),
        tags={STOPPED: str(result.stopped[seed])} if seed in result.stopped else {},
        files={WEIGHTS: pack(result.network)},
    )


def _now() -> int:
    return int(time.time() * 1000)
