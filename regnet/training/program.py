"""A program: seeds of one study, or of several compatible ones, that are trained at once, and the events that this causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress
from typing import NamedTuple, TypeAlias

import numpy as np
from torch import Tensor

from regnet.credentials import hide
from regnet.data.prepare import Data
from regnet.errors import RegnetError, ShapeError
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted
from regnet.machine import describe_machine, torch_threads
from regnet.processes.stop import Stop
from regnet.registry.dispatch import Observer
from regnet.study.result import StudyResult, TrainedNetwork
from regnet.study.study import Study
from regnet.training.checkpoint import CheckpointRule, Checkpoints
from regnet.training.learning import unlearned
from regnet.training.loop import Control, Replica, Trained, load_data, train

LAG = 10
"""The number of epochs that a GPU may train ahead of the reported ones."""


class StudySlice(NamedTuple):
    """Some seeds of one study."""

    job: int
    """The index of the study among those that are run."""
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """The slices that are trained at once."""

    slices: tuple[StudySlice, ...]
    replica_axis: bool
    """Whether there is a replica axis. It stays if all slices but one fail, so that the numbers of the last do not change."""
    finished: frozenset[tuple[int, int]] = frozenset()
    """The jobs and seeds that an earlier process has finished: they are only trained for the sake of the others' numbers."""
    checkpoints: CheckpointRule | None = None
    """Where and when its checkpoints are written; None if it has none."""

    @property
    def unfinished_slices(self) -> list[StudySlice]:
        """The slices without the seeds that are finished."""
        left = (StudySlice(job, tuple(seed for seed in seeds if (job, seed) not in self.finished)) for job, seeds in self.slices)
        return [part for part in left if part.seeds]


Studies: TypeAlias = Sequence[Study] | Mapping[int, Study]
"""The studies that are run, by job."""
Outcome: TypeAlias = tuple[StudySlice, StudyResult | Exception]
"""Some or all seeds of a slice, and their result or the exception that ended them."""
Keep: TypeAlias = Callable[[StudySlice, StudyResult], None]
"""Saves the result of a slice, before the end of its runs is reported."""


@dataclass(frozen=True)
class Session:
    """What the programs that a process trains share."""

    studies: Studies
    observer: Observer
    keep: Keep
    stop: Stop


def run_program(program: Program, session: Session) -> Iterator[Outcome]:
    """Train a program and yield the outcomes, which together cover the seeds of each slice that are not finished.

    If it has a checkpoint, training continues from there. An error with the data of one seed ends only that seed. Any other
    error, and a stop, ends the program. Seeds whose outcome is an exception have been reported as failed.
    """
    loaded: list[_Group] = []
    for part in program.slices:
        replicas, failures = _load(session.studies[part.job], part.seeds)
        for seed, error in failures.items():
            if (part.job, seed) not in program.finished:
                session.observer.notify(RunFailed(session.studies[part.job], seed, reason_of(error), interrupted=False))
                yield StudySlice(part.job, (seed,)), error
        if replicas:
            loaded.append(_Group(part.job, replicas, [(part.job, replica.seed) not in program.finished for replica in replicas]))
    wanted = [group.part for group in loaded if group.part.seeds]
    if not wanted:
        return
    complete = sum(len(group.replicas) for group in loaded) == sum(len(part.seeds) for part in program.slices)
    runs = [(session.studies[job].identity, seeds) for job, seeds in program.slices]
    rule = program.checkpoints if complete else None  # with other replicas, it is another program
    checkpoints = Checkpoints(rule, runs, replica_axis=program.replica_axis)
    try:
        results = _run(loaded, session, checkpoints, replica_axis=program.replica_axis)
    except Exception as error:
        yield from ((part, error) for part in wanted)
    else:
        checkpoints.remove()
        yield from zip(wanted, results, strict=True)


class _Group(NamedTuple):
    """The replicas of one study in a program."""

    job: int
    replicas: list[Replica]
    wanted: list[bool]
    """Whether each replica is reported; the others are only trained for the sake of these."""

    @property
    def part(self) -> StudySlice:
        """The slice of the replicas that are reported."""
        return StudySlice(self.job, tuple(replica.seed for replica in self.reported))

    @property
    def reported(self) -> list[Replica]:
        return list(compress(self.replicas, self.wanted))


def _load(study: Study, seeds: tuple[int, ...]) -> tuple[list[Replica], dict[int, Exception]]:
    """Return the replicas of the seeds whose data can be loaded, and for each of the others the reason why not."""
    replicas: list[Replica] = []
    failures: dict[int, Exception] = {}
    groups: dict[tuple[int, ...], list[int]] = {}
    for seed in seeds:
        groups.setdefault(study.examples_key(seed), []).append(seed)
    with torch_threads(study.threads):
        for group in groups.values():
            try:
                data = load_data(study, group)
                _check_sizes(study, group[0], data[0])
            except Exception as error:
                failures |= dict.fromkeys(group, error)
            else:
                replicas += [Replica(study, seed, examples) for seed, examples in zip(group, data, strict=True)]
    return replicas, failures


def _check_sizes(study: Study, seed: int, data: Data) -> None:
    train, test = data.train.x, data.test.x
    found = (train.shape[-2], test.shape[-2])
    if found != study.examples or train.shape[-1] != study.features:
        raise ShapeError(
            f"data set {study.config['dataset']['name']}: seed {seed} has {found[0]} training and {found[1]} test "
            f"examples of {train.shape[-1]} features, expected {study.examples[0]} and {study.examples[1]} of {study.features}"
        )


def _run(groups: Sequence[_Group], session: Session, checkpoints: Checkpoints, *, replica_axis: bool) -> list[StudyResult]:
    """Train all replicas together, and return the result of each group that has replicas to report."""
    observer = session.observer
    replicas = [replica for group in groups for replica in group.replicas]
    ends = accumulate((len(group.replicas) for group in groups), initial=0)
    reported = [(group, start + np.flatnonzero(group.wanted)) for group, start in zip(groups, ends, strict=False)]
    reported = [(group, rows) for group, rows in reported if len(rows)]

    def on_epoch(epoch: int, metrics: Mapping[str, np.ndarray], trained: np.ndarray) -> set[int]:
        """Report the epoch for each study of which a replica was trained in it."""
        measured = [(group, rows) for group, rows in reported if trained[rows].any()]
        ended = [
            EpochEnded(group.replicas[0].study, group.part.seeds, epoch, {name: values[rows] for name, values in metrics.items()})
            for group, rows in measured
        ]
        stop = observer.end_epoch(ended)
        return {
            int(rows[event.seeds.index(seed)])
            for (_, rows), event, seeds in zip(measured, ended, stop, strict=True)
            for seed in seeds
            if seed in event.seeds
        }

    unfinished = dict.fromkeys(replica for group, _ in reported for replica in group.reported)
    try:
        for replica in unfinished:
            observer.notify(RunStarted(replica.study, replica.seed, replica.data))
        with torch_threads(replicas[0].study.threads):
            control = Control(on_epoch, 1 if observer.may_stop else LAG, checkpoints, session.stop)
            trained = train(replicas, control, replica_axis=replica_axis)
        results = [_result(group.reported, rows, trained) for group, rows in reported]
        for (group, _), result in zip(reported, results, strict=True):
            session.keep(group.part, result)
        for (group, _), result in zip(reported, results, strict=True):
            for replica in group.reported:
                report_end(replica.study, replica.seed, result, observer)
                del unfinished[replica]
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        for replica in unfinished:
            observer.notify(RunFailed(replica.study, replica.seed, reason_of(error), interrupted))
        raise
    return results


def _result(replicas: Sequence[Replica], rows: np.ndarray, trained: Trained) -> StudyResult:
    """The result of one study's replicas, given their rows in the program."""
    study, seeds = replicas[0].study, tuple(replica.seed for replica in replicas)
    epochs = int(trained.epochs[rows].max())
    of_row = dict(zip(rows.tolist(), seeds, strict=True))
    weights = zip(replicas, (trained.weights[row] for row in of_row), strict=True)
    networks = tuple(TrainedNetwork(study.network, replica.seed, values, replica.data) for replica, values in weights)
    failures = {of_row[row]: reason for row, reason in trained.failures.items() if row in of_row}
    return StudyResult(
        name=study.name,
        identity=study.identity,
        config=study.config,
        seeds=seeds,
        history={metric: values[rows, :epochs] for metric, values in trained.history.items()},
        together=np.full(len(seeds), len(trained.weights)),
        seconds=np.full(len(seeds), trained.seconds),
        failures=failures,
        stopped={of_row[row]: epoch for row, epoch in trained.stopped.items() if row in of_row},
        unlearned=_unlearned(study, networks, [trained.outputs[row] for row in of_row], failures),
        networks=networks,
        machine=describe_machine(),
        measures=study.measures,
        headline=study.headline,
        replicas=study.replicas,
        origins=tuple(map(str, study.origins)),
        content=study.content,
        notes=study.notes,
        automatic=study.automatic,
        population=study.population,
    )


def _unlearned(
    study: Study, networks: Sequence[TrainedNetwork], outputs: Sequence[Tensor | None], failures: Mapping[int, str]
) -> dict[int, str]:
    """The seeds whose networks have learned nothing, with the reasons."""
    with torch_threads(study.threads):
        judged = {network.seed: unlearned(network, output) for network, output in zip(networks, outputs, strict=True)}
    return {seed: reason for seed, reason in judged.items() if reason is not None and seed not in failures}


def report_end(study: Study, seed: int, result: StudyResult, observer: Observer) -> None:
    """Report that a seed has been trained to the end, or that it diverged."""
    if seed in result.failures:
        observer.notify(RunFailed(study, seed, result.failures[seed], interrupted=False))
    else:
        observer.notify(RunEnded(study, result.of(seed)))


def reason_of(error: BaseException) -> str:
    """Return an error in one line, for users."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return hide(str(error) if isinstance(error, RegnetError) else f"{type(error).__name__}: {error}")
