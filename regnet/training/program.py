"""A program: seeds of one study, or of several compatible ones, that are trained at once, and the events that this causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from regnet.data.prepare import Data
from regnet.errors import RegnetError, ShapeError
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted
from regnet.machine import describe_machine, torch_threads
from regnet.registry.dispatch import Observer
from regnet.study.result import StudyResult, TrainedNetwork
from regnet.study.study import Study
from regnet.training.loop import Replica, Trained, load_data, train

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


Studies: TypeAlias = Sequence[Study] | Mapping[int, Study]
"""The studies that are run, by job."""
Outcome: TypeAlias = tuple[StudySlice, StudyResult | Exception]
"""Some or all seeds of a slice, and their result or the exception that ended them."""


def run_program(program: Program, studies: Studies, observer: Observer) -> Iterator[Outcome]:
    """Train a program and yield the outcomes, which together cover the seeds of each slice.

    An error with the data of one seed ends only that seed. Any other error, and Ctrl-C, ends the program. Seeds whose outcome is
    an exception have been reported as failed.
    """
    loaded: dict[StudySlice, list[Replica]] = {}
    for part in program.slices:
        replicas, failures = _load(studies[part.job], part.seeds)
        for seed, error in failures.items():
            observer.notify(RunFailed(studies[part.job], seed, reason_of(error), interrupted=False))
            yield StudySlice(part.job, (seed,)), error
        if replicas:
            loaded[StudySlice(part.job, tuple(replica.seed for replica in replicas))] = replicas
    if not loaded:
        return
    try:
        results = _run(list(loaded.values()), observer, replica_axis=program.replica_axis)
    except Exception as error:
        yield from ((part, error) for part in loaded)
    else:
        yield from zip(loaded, results, strict=True)


def _load(study: Study, seeds: tuple[int, ...]) -> tuple[list[Replica], dict[int, Exception]]:
    """Return the replicas of the seeds whose data can be loaded, and for each of the others the reason why not."""
    replicas: list[Replica] = []
    failures: dict[int, Exception] = {}
    groups = [(seed,) for seed in seeds] if study.dataset.redraw else [seeds]
    with torch_threads(study.threads):
        for group in groups:
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


def _run(groups: Sequence[Sequence[Replica]], observer: Observer, *, replica_axis: bool) -> list[StudyResult]:
    """Train all replicas together, and return a result for each group, which holds the replicas of one study."""
    replicas = [replica for group in groups for replica in group]
    ends = list(accumulate((len(group) for group in groups), initial=0))
    rows = [slice(start, end) for start, end in pairwise(ends)]

    def on_epoch(epoch: int, metrics: Mapping[str, np.ndarray], trained: np.ndarray) -> set[int]:
        """Report the epoch for each study of which a replica was trained in it."""
        measured = [part for part in rows if trained[part].any()]
        ended = [_epoch_ended(replicas[part], epoch, {name: values[part] for name, values in metrics.items()}) for part in measured]
        stop = observer.end_epoch(ended)
        return {
            part.start + event.seeds.index(seed)
            for part, event, seeds in zip(measured, ended, stop, strict=True)
            for seed in seeds
            if seed in event.seeds
        }

    unfinished = dict.fromkeys(replicas)
    try:
        for replica in replicas:
            observer.notify(RunStarted(replica.study, replica.seed, replica.data))
        with torch_threads(replicas[0].study.threads):
            trained = train(replicas, on_epoch, 1 if observer.may_stop else LAG, replica_axis=replica_axis)
        results = [_result(replicas[part], part, trained) for part in rows]
        for group, result in zip(groups, results, strict=True):
            for replica in group:
                _end(replica, result, observer)
                del unfinished[replica]
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        for replica in unfinished:
            observer.notify(RunFailed(replica.study, replica.seed, reason_of(error), interrupted))
        raise
    return results


def _epoch_ended(replicas: Sequence[Replica], epoch: int, metrics: Mapping[str, np.ndarray]) -> EpochEnded:
    return EpochEnded(replicas[0].study, tuple(replica.seed for replica in replicas), epoch, metrics)


def _result(replicas: Sequence[Replica], rows: slice, trained: Trained) -> StudyResult:
    """The result of one study's replicas, given their rows in the program."""
    study, seeds = replicas[0].study, tuple(replica.seed for replica in replicas)
    epochs = int(trained.epochs[rows].max())
    networks = zip(replicas, trained.weights[rows], strict=True)
    return StudyResult(
        name=study.name,
        identity=study.identity,
        config=study.config,
        seeds=seeds,
        history={metric: values[rows, :epochs] for metric, values in trained.history.items()},
        together=np.full(len(seeds), len(trained.weights)),
        seconds=np.full(len(seeds), trained.seconds),
        failures={seeds[row - rows.start]: reason for row, reason in trained.failures.items() if rows.start <= row < rows.stop},
        stopped={seeds[row - rows.start]: epoch for row, epoch in trained.stopped.items() if rows.start <= row < rows.stop},
        networks=tuple(TrainedNetwork(study.network, replica.seed, weights, replica.data) for replica, weights in networks),
        machine=describe_machine(),
        measures=study.measures,
        headline=study.headline,
    )


def _end(replica: Replica, result: StudyResult, observer: Observer) -> None:
    if replica.seed in result.failures:
        observer.notify(RunFailed(replica.study, replica.seed, result.failures[replica.seed], interrupted=False))
    else:
        observer.notify(RunEnded(replica.study, result.of(replica.seed)))


def reason_of(error: BaseException) -> str:
    """Return an error in one line, for users."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, RegnetError) else f"{type(error).__name__}: {error}"
