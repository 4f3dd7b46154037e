"""The benchmark: how long a training step takes in each engine, timed in turn in one process, so that noise cancels."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from regnet.batches import Batches
from regnet.data import stack
from regnet.engines import make_trainer
from regnet.streams import stream
from regnet.study import Study
from regnet.training import load_data, torch_threads

BASELINE = "PyTorch engine"


@dataclass(frozen=True)
class Timing:
    """What one way of training costs."""

    name: str
    replicas: int
    step_microseconds: np.ndarray
    """Microseconds for one optimizer step of one run, in each round, ``(rounds,)``: in lockstep, a replica's share."""
    speedup: np.ndarray
    """How many times as fast a run is as with the PyTorch engine in the same round, ``(rounds,)``."""


def benchmark(study: Study, replicas: Sequence[int], rounds: int, epochs: int) -> list[Timing]:
    """Times the PyTorch engine, the hand-built one alone, and the hand-built one in lockstep, on the study's network and data.

    Each is warmed up first. In every round each is timed once, in turn, for that many epochs, evaluation left out; the ratios
    are taken within a round.
    """
    contenders: list[tuple[str, int, Callable[[], int]]] = [
        (BASELINE, 1, _trainer(replace(study, engine="torch"), 1)),
        ("hand-built, solo", 1, _trainer(replace(study, engine="handbuilt"), 1)),
    ]
    for count in replicas:
        contenders.append((f"hand-built, {count} in lockstep", count, _trainer(replace(study, engine="handbuilt"), count)))
    times = np.empty((rounds, len(contenders)))
    with torch_threads(study.threads):
        for _, _, train_epoch in contenders:
            train_epoch()
        for turn in range(rounds):
            for place, (_, count, train_epoch) in enumerate(contenders):
                times[turn, place] = _seconds_per_step(train_epoch, epochs) / count
    return [
        Timing(name, count, 1e6 * times[:, place], times[:, 0] / times[:, place])
        for place, (name, count, _) in enumerate(contenders)
    ]


def _trainer(study: Study, count: int) -> Callable[[], int]:
    """A function that trains one epoch and returns the number of its steps."""
    seeds = tuple(range(count))
    data = load_data(study, seeds)
    starts = [study.network.init(study.features, stream(seed, "weights"))[0] for seed in seeds]
    trainer = make_trainer(study, seeds, starts)
    batches = Batches((stack(data) if count > 1 else data[0]).train, study.batch_size, study.shuffle, seeds)

    def train_epoch() -> int:
        order = batches.epoch()
        trainer.train_epoch(order)
        return len(order)

    return train_epoch


def _seconds_per_step(train_epoch: Callable[[], int], epochs: int) -> float:
    start = time.perf_counter()
    steps = sum(train_epoch() for _ in range(epochs))
    return (time.perf_counter() - start) / steps
