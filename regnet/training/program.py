"""A program: seeds of one study, or of several that may go together, trained at once, and the events that this causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from regnet.errors import RegnetError, ShapeError
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted
from regnet.machine import describe_machine, torch_threads
from regnet.registry.dispatch import Audience
from regnet.study.result import StudyResult, TrainedNetwork
from regnet.study.study import Study
from regnet.training.loop import Replica, Trained, load_data, train

LAG = 10
"""Epochs that a GPU may be ahead of what is reported of it."""


class StudySlice(NamedTuple):
    """Some seeds of one study."""

    job: int
    """The index of the study among those that are run."""
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """What is trained at once."""

    slices: tuple[StudySlice, ...]
    replica_axis: bool
    """Whether there is a replica axis, which stays if all slices but one fail: their numbers are then what they would have been."""


Studies: TypeAlias = Sequence[Study] | Mapping[int, Study]
"""The studies that are run, by the number of the job."""
Outcome: TypeAlias = tuple[StudySlice, StudyResult | Exception]
"""What became of a slice: its result, or what ended it."""


def run_program(program: Program, studies: Studies, audience: Audience) -> Iterator[Outcome]:
    """Trains a program. What goes wrong with the data of one slice is that slice's alone.

    Anything else that goes wrong, and Ctrl-C, ends the program: the runs that had started are reported as failed.
    """
    loaded: dict[StudySlice, list[Replica]] = {}
    for part in program.slices:
        try:
            loaded[part] = _load(studies[part.job], part.seeds)
        except Exception as error:
            yield part, error
    if not loaded:
        return
    try:
        results = _run(list(loaded.values()), audience, replica_axis=program.replica_axis)
    except Exception as error:
        yield from ((part, error) for part in loaded)
    else:
        yield from zip(loaded, results, strict=True)


def _load(study: Study, seeds: tuple[int, ...]) -> list[Replica]:
    with torch_threads(study.threads):
        replicas = [Replica(study, seed, data) for seed, data in zip(seeds, load_data(study, seeds), strict=True)]
    for replica in replicas:
        train, test = replica.data.train.x, replica.data.test.x
        found = (train.shape[-2], test.shape[-2])
        if found != study.examples or train.shape[-1] != study.features:
            raise ShapeError(
                f"data set {study.config['dataset']['name']}: seed {replica.seed} has {found[0]} training and {found[1]} test "
                f"examples of {train.shape[-1]} features, expected {study.examples[0]} and {study.examples[1]} of {study.features}"
            )
    return replicas


def _run(groups: Sequence[Sequence[Replica]], audience: Audience, *, replica_axis: bool) -> list[StudyResult]:
    """Trains all replicas together; a result for each group, which are the replicas of one study."""
    replicas = [replica for group in groups for replica in group]
    ends = list(accumulate((len(group) for group in groups), initial=0))
    rows = [slice(start, end) for start, end in pairwise(ends)]
    started: dict[Replica, None] = {}

    def on_epoch(epoch: int, metrics: Mapping[str, np.ndarray], trained: np.ndarray) -> set[int]:
        """Reports the epoch to each study of which a replica was trained in it."""
        measured = [own for own in rows if trained[own].any()]
        ended = [_epoch_ended(replicas[own], epoch, {name: values[own] for name, values in metrics.items()}) for own in measured]
        stop = audience.end_epoch(ended)
        return {
            own.start + event.seeds.index(seed)
            for own, event, seeds in zip(measured, ended, stop, strict=True)
            for seed in seeds
            if seed in event.seeds
        }

    try:
        for replica in replicas:
            started[replica] = None
            audience.tell(RunStarted(replica.study, replica.seed, replica.data))
        with torch_threads(replicas[0].study.threads):
            trained = train(replicas, on_epoch, 1 if audience.may_stop else LAG, replica_axis=replica_axis)
        results = [_result(replicas[own], own, trained) for own in rows]
        for group, result in zip(groups, results, strict=True):
            for replica in group:
                _end(replica, result, audience)
                del started[replica]
    except BaseException as error:
        for replica in started:
            audience.tell(RunFailed(replica.study, replica.seed, _reason(error), isinstance(error, KeyboardInterrupt)))
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
        failures={seeds[row - rows.start]: why for row, why in trained.failures.items() if rows.start <= row < rows.stop},
        stopped={seeds[row - rows.start]: epoch for row, epoch in trained.stopped.items() if rows.start <= row < rows.stop},
        networks=tuple(TrainedNetwork(study.network, each.seed, weights, each.data) for each, weights in networks),
        machine=describe_machine(),
        measures=study.measures,
        headline=study.headline,
    )


def _end(replica: Replica, result: StudyResult, audience: Audience) -> None:
    if replica.seed in result.failures:
        audience.tell(RunFailed(replica.study, replica.seed, result.failures[replica.seed], interrupted=False))
    else:
        audience.tell(RunEnded(replica.study, result.of(replica.seed)))


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, RegnetError) else f"{type(error).__name__}: {error}"
