"""Training: the loop that every engine goes through, from examples and starting weights to a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from regnet.batches import Batches
from regnet.data import Data, load_splits, prepare, stack
from regnet.engines import Trainer, make_trainer
from regnet.machine import describe_machine
from regnet.metrics import evaluate
from regnet.results import StudyResult, TrainedNetwork
from regnet.streams import stream
from regnet.study import Study

OnEpoch = Callable[[int, dict[str, np.ndarray]], Collection[int]]
"""Called after each epoch with its number, from 1, and its metrics, ``(R,)`` each, which are not a number for seeds that are no
longer trained; returns the seeds that are to stop here."""


def load_data(study: Study, seeds: Sequence[int]) -> list[Data]:
    """Each seed's examples, ready to train on; one and the same object for all where the data set does not redraw."""
    shared: Data | None = None
    loaded = []
    for seed in seeds:
        if shared is None or study.dataset.redraw:
            shared = prepare(load_splits(study.dataset, seed), study.normalization, study.coding, study.dtype)
        loaded.append(shared)
    return loaded


def train(study: Study, seeds: Sequence[int], data: Sequence[Data], on_epoch: OnEpoch) -> StudyResult:
    """Trains some of a study's seeds: one alone, or several in lockstep.

    A seed whose loss is no longer finite has diverged. Its metrics are not a number from that epoch on; the others go on.

    Raises:
        ShapeError: the layers' sizes do not fit each other, the data or the targets.
    """
    starts = [study.network.init(study.features, stream(seed, "weights"))[0] for seed in seeds]
    whole = stack(data) if len(seeds) > 1 else data[0]
    with torch_threads(study.threads):
        progress = _Progress(seeds, make_trainer(study, seeds, starts))
        seconds = _train_epochs(progress, study, whole.to(study.device), on_epoch)
        weights = [progress.final_weights(seed) for seed in seeds]
    return StudyResult(
        name=study.name,
        identity=study.identity,
        config=study.config,
        seeds=tuple(seeds),
        history={metric: np.stack([epoch[metric] for epoch in progress.history], axis=1) for metric in progress.history[0]},
        together=np.full(len(seeds), len(seeds)),
        seconds=np.full(len(seeds), seconds),
        failures=progress.failures,
        stopped=progress.stopped,
        networks=tuple(TrainedNetwork(study.network, seed, own, one) for seed, own, one in zip(seeds, weights, data, strict=True)),
        machine=describe_machine(),
    )


def _train_epochs(progress: _Progress, study: Study, data: Data, on_epoch: OnEpoch) -> float:
    """Trains epoch by epoch until the last one, or until no seed goes on; returns the seconds spent on training alone."""
    batches = Batches(data.train, study.batch_size, study.shuffle, progress.seeds)
    seconds = 0.0
    for epoch in range(1, study.epochs + 1):
        order = batches.epoch()
        start = _clock(study.device)
        progress.trainer.train_epoch(order)
        seconds += _clock(study.device) - start
        with torch.inference_mode():
            found = evaluate(progress.trainer.predict, data, study.loss)
        news = progress.record(epoch, {name: np.atleast_1d(value.cpu().double().numpy()) for name, value in found.items()})
        progress.stop(on_epoch(epoch, news), epoch)
        if not progress.going_on.any():
            break
    return seconds


class _Progress:
    """Which seeds of a program are still being trained, what was measured, and the weights of those that stopped early.

    In lockstep a seed cannot leave the program: its numbers are computed on and thrown away, so that the others' stay as they are.
    """

    def __init__(self, seeds: Sequence[int], trainer: Trainer) -> None:
        self.seeds = seeds
        self.trainer = trainer
        self.history: list[dict[str, np.ndarray]] = []
        self.failures: dict[int, str] = {}
        self.stopped: dict[int, int] = {}
        self._weights: dict[int, dict[str, Tensor]] = {}

    @property
    def going_on(self) -> np.ndarray:
        """Whether each seed is still being trained, ``(R,)``."""
        return np.array([seed not in self.failures and seed not in self.stopped for seed in self.seeds])

    def record(self, epoch: int, metrics: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Takes an epoch's metrics into the history, and returns them with "not a number" for seeds that no longer go on.

        A seed that stopped keeps its last value in the history; one that diverged has none from here on.
        """
        went_on = self.going_on
        for row, seed in enumerate(self.seeds):
            if went_on[row] and not np.isfinite([metrics["train/loss"][row], metrics["test/loss"][row]]).all():
                self.failures[seed] = f"diverged in epoch {epoch}: the loss is no longer finite"
        news = {name: np.where(self.going_on, values, np.nan) for name, values in metrics.items()}
        rows = [row for row, seed in enumerate(self.seeds) if seed in self.stopped]
        kept = {name: values.copy() for name, values in news.items()}
        for name, values in kept.items():
            values[rows] = self.history[-1][name][rows] if rows else values[rows]
        self.history.append(kept)
        return news

    def stop(self, seeds: Collection[int], epoch: int) -> None:
        """Ends the training of some seeds after this epoch, and keeps their weights as they are now."""
        for row, seed in enumerate(self.seeds):
            if seed in seeds and self.going_on[row]:
                self.stopped[seed] = epoch
                self._weights[seed] = self._copy(row)

    def final_weights(self, seed: int) -> dict[str, Tensor]:
        return self._weights.get(seed) or self._copy(self.seeds.index(seed))

    def _copy(self, row: int) -> dict[str, Tensor]:
        return {name: tensor.cpu() for name, tensor in self.trainer.weights(row).items()}


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Within, torch uses that many threads inside one operation; 0 leaves its own choice."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
