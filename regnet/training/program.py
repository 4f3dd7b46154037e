"""A program: seeds of one study, or of several that may go together, trained at once; and what the listeners are told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from regnet.data.prepare import Data
from regnet.engines.replicas import merge
from regnet.errors import RegnetError, ShapeError
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted
from regnet.machine import describe_machine, torch_threads
from regnet.registry.dispatch import Audience
from regnet.rng import stream
from regnet.study.result import StudyResult, TrainedNetwork
from regnet.study.study import Study
from regnet.training.loop import OnEpoch, Row, Trained, load_data, train

LAG = 10
"""Epochs that a GPU may be ahead of what is told of it."""


class Share(NamedTuple):
    """Some seeds of one study."""

    job: int
    """Which of the studies that are run."""
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """What is trained at once."""

    shares: tuple[Share, ...]
    replica_axis: bool
    """Whether there is a replica axis, which stays if all shares but one fail: their numbers are then what they would have been."""


Studies: TypeAlias = Sequence[Study] | Mapping[int, Study]
"""The studies that are run, by the number of the job."""
Outcome: TypeAlias = tuple[Share, StudyResult | Exception]
"""What became of a share: its result, or what ended it."""


@dataclass(frozen=True)
class Part:
    """A share with what it takes to train it."""

    study: Study
    seeds: tuple[int, ...]
    data: Sequence[Data]


def run_program(program: Program, studies: Studies, audience: Audience) -> Iterator[Outcome]:
    """Trains a program. What goes wrong with the data of one share is that share's alone.

    Anything else that goes wrong, and Ctrl-C, ends the program: the runs that were going on are told to have failed.
    """
    parts: dict[Share, Part] = {}
    for share in program.shares:
        try:
            parts[share] = _load(studies[share.job], share.seeds)
        except Exception as error:
            yield share, error
    if not parts:
        return
    try:
        results = _run(list(parts.values()), audience, replica_axis=program.replica_axis)
    except Exception as error:
        yield from ((share, error) for share in parts)
    else:
        yield from zip(parts, results, strict=True)


def _load(study: Study, seeds: tuple[int, ...]) -> Part:
    with torch_threads(study.threads):
        data = load_data(study, seeds)
    for seed, own in zip(seeds, data, strict=True):
        found = (own.train.x.shape[-2], own.test.x.shape[-2])
        if found != study.examples or own.train.x.shape[-1] != study.features:
            raise ShapeError(
                f"data set {study.config['dataset']['name']}: seed {seed} has {found[0]} training and {found[1]} test examples of "
                f"{own.train.x.shape[-1]} features, expected {study.examples[0]} and {study.examples[1]} of {study.features}"
            )
    return Part(study, seeds, data)


def _run(parts: Sequence[Part], audience: Audience, *, replica_axis: bool) -> list[StudyResult]:
    """Trains the parts together; a result for each."""
    rows = _Rows(parts)
    started: set[tuple[int, int]] = set()

    def on_epoch(epoch: int, metrics: Mapping[str, np.ndarray]) -> set[int]:
        told = list(rows.told(epoch, metrics))
        ended = [
            EpochEnded(part.study, part.seeds, epoch, {name: values[own] for name, values in metrics.items()}) for part, own in told
        ]
        stop = {
            own.start + part.seeds.index(seed)
            for (part, own), seeds in zip(told, audience.end_epoch(ended), strict=True)
            for seed in seeds
            if seed in part.seeds
        }
        rows.stop(stop)
        return stop

    try:
        for place, part in enumerate(parts):
            for seed, data in zip(part.seeds, part.data, strict=True):
                started.add((place, seed))
                audience.tell(RunStarted(part.study, seed, data))
        results = rows.results(_train(parts, on_epoch, 1 if audience.may_stop else LAG, replica_axis=replica_axis))
        for place, (part, result) in enumerate(zip(parts, results, strict=True)):
            for seed in part.seeds:
                _end(part.study, seed, result, audience)
                started.remove((place, seed))
    except BaseException as error:
        for place, seed in sorted(started):
            audience.tell(RunFailed(parts[place].study, seed, _reason(error), isinstance(error, KeyboardInterrupt)))
        raise
    return results


def _train(parts: Sequence[Part], on_epoch: OnEpoch, lag: int, *, replica_axis: bool) -> Trained:
    owners = [(part.study, seed, data) for part in parts for seed, data in zip(part.seeds, part.data, strict=True)]
    with torch_threads(parts[0].study.threads):
        rows = [Row(seed, study.network.init(study.features, stream(seed, "weights"))[0], data) for study, seed, data in owners]
        return train(merge([study for study, _, _ in owners]), rows, on_epoch, lag, replica_axis=replica_axis)


class _Rows:
    """Which rows of a program are whose, and for how long each part of it goes on."""

    def __init__(self, parts: Sequence[Part]) -> None:
        ends = np.cumsum([len(part.seeds) for part in parts]).tolist()
        self.owned = [(part, slice(end - len(part.seeds), end)) for part, end in zip(parts, ends, strict=True)]
        """Each part with its rows."""
        self._going_on = np.ones(ends[-1], dtype=bool)
        self._epochs = [0] * len(parts)

    def told(self, epoch: int, metrics: Mapping[str, np.ndarray]) -> Iterator[tuple[Part, slice]]:
        """The parts that still went on in this epoch: each hears of the one in which its last row ends, and of none after."""
        for place, (part, own) in enumerate(self.owned):
            if self._going_on[own].any():
                self._epochs[place] = epoch
                yield part, own
        self._going_on &= np.isfinite(metrics["train/loss"])

    def stop(self, rows: Collection[int]) -> None:
        """Takes note of rows that were ended."""
        self._going_on[list(rows)] = False

    def results(self, trained: Trained) -> list[StudyResult]:
        """Each part's own result."""
        return [self._result(part, own, epochs, trained) for (part, own), epochs in zip(self.owned, self._epochs, strict=True)]

    def _result(self, part: Part, own: slice, epochs: int, trained: Trained) -> StudyResult:
        study, count, everyone = part.study, len(part.seeds), len(self._going_on)
        networks = zip(part.seeds, trained.weights[own], part.data, strict=True)
        return StudyResult(
            name=study.name,
            identity=study.identity,
            config=study.config,
            seeds=part.seeds,
            history={metric: values[own, :epochs] for metric, values in trained.history.items()},
            together=np.full(count, everyone),
            seconds=np.full(count, trained.seconds),
            failures={part.seeds[row - own.start]: why for row, why in trained.failures.items() if own.start <= row < own.stop},
            stopped={part.seeds[row - own.start]: epoch for row, epoch in trained.stopped.items() if own.start <= row < own.stop},
            networks=tuple(TrainedNetwork(study.network, seed, weights, data) for seed, weights, data in networks),
            machine=describe_machine(),
            measures=study.measures,
            headline=study.headline,
        )


def _end(study: Study, seed: int, result: StudyResult, audience: Audience) -> None:
    if seed in result.failures:
        audience.tell(RunFailed(study, seed, result.failures[seed], interrupted=False))
    else:
        audience.tell(RunEnded(study, result.of(seed)))


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, RegnetError) else f"{type(error).__name__}: {error}"
