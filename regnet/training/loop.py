"""Training: the loop that all engines share, from examples and starting weights to a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regnet.contracts import Params
from regnet.data.batches import Batches
from regnet.data.prepare import Data, load_splits, prepare, set_aside, stack
from regnet.engines import Trainer, make_trainer
from regnet.engines.replicas import merge
from regnet.rng import stream
from regnet.study.result import DIVERGED
from regnet.study.study import Study
from regnet.training.evaluation import evaluate

OnEpoch = Callable[[int, dict[str, np.ndarray], np.ndarray], Collection[int]]
"""Called after each epoch with the number of the epoch, from 1, its metrics, and a mask ``(R,)`` of the replicas trained in it.

Each metric has shape ``(R,)`` and is NaN for replicas that are no longer trained. Returns the indices of the replicas to stop."""


@dataclass(frozen=True, eq=False)
class Replica:
    """One seed of a study with its data; a program trains one or many of them."""

    study: Study
    seed: int
    data: Data

    def start(self) -> Params:
        """The parameters that `Layer.init` returns."""
        return self.study.network.init(self.study.features, stream(self.seed, "weights"))[0]


@dataclass(frozen=True)
class Trained:
    """The results of a training, by the replicas' indices."""

    history: dict[str, np.ndarray]
    """For each metric an array ``(R, E)``."""
    failures: dict[int, str]
    """For each replica that diverged, the reason: its metrics are NaN from that epoch on."""
    stopped: dict[int, int]
    """For each replica that was stopped early, its last epoch: its metrics keep their last values from there on."""
    epochs: np.ndarray
    """The number of epochs that each replica was trained for, ``(R,)``."""
    weights: list[dict[str, Tensor]]
    """Each replica's parameters and buffers by dotted name, as they were when it stopped."""
    seconds: float
    """The wall time of training without evaluation, in seconds."""


def load_data(study: Study, seeds: Sequence[int]) -> list[Data]:
    """Each seed's prepared examples; the same object for all seeds if the data set is not regenerated for every seed."""
    shared: Data | None = None
    loaded = []
    for seed in seeds:
        if shared is None or study.dataset.redraw:
            splits, validation = set_aside(load_splits(study.dataset, seed), study.validation, seed, redraw=study.dataset.redraw)
            shared = prepare(splits, study.normalization, study.coding, study.dtype, validation)
        loaded.append(shared)
    return loaded


def train(replicas: Sequence[Replica], on_epoch: OnEpoch, lag: int = 1, *, replica_axis: bool) -> Trained:
    """Train every replica from its start on its data: one alone, or any number in lockstep along a replica axis.

    A replica whose loss is no longer finite has diverged. Its metrics are NaN from that epoch on; the others continue.
    On a GPU, `on_epoch` may be called for up to `lag` epochs in a row, so that training seldom waits for metrics.

    Raises:
        ShapeError: the layers' sizes do not fit each other, the data or the targets.
    """
    study = merge([replica.study for replica in replicas])
    seeds = [replica.seed for replica in replicas]
    data = (stack([replica.data for replica in replicas]) if replica_axis else replicas[0].data).to(study.device)
    trainer = make_trainer(study, seeds, [replica.start() for replica in replicas], replica_axis=replica_axis)
    progress = _Progress(len(replicas), trainer, on_epoch)
    batches = Batches(data.train, study.batch_size, study.shuffle, seeds)
    seconds = _train_epochs(progress, study, batches, data, lag if study.device.type == "cuda" else 1)
    weights = [progress.final_weights(replica) for replica in range(len(replicas))]
    history = {metric: np.stack([epoch[metric] for epoch in progress.history], axis=1) for metric in progress.history[0]}
    return Trained(history, progress.failures, progress.stopped, progress.epochs, weights, seconds)


def _train_epochs(progress: _Progress, study: Study, batches: Batches, data: Data, lag: int) -> float:
    """Train until the last epoch, or until no replica is trained any more; return the seconds of training without evaluation."""
    seconds = 0.0
    measured: list[dict[str, Tensor]] = []
    for epoch in range(1, study.epochs + 1):
        order = batches.epoch()
        start = _clock(study.device)
        progress.trainer.train_epoch(order)
        seconds += _clock(study.device) - start
        with torch.inference_mode():
            measured.append(evaluate(progress.trainer.predict, data, study.loss, study.metrics))
        if len(measured) < lag and epoch < study.epochs:
            continue
        first = epoch - len(measured) + 1
        for number, metrics in enumerate(_fetch(measured), start=first):
            progress.end_epoch(number, metrics)
        measured = []
        if not progress.active.any():
            break
    return seconds


def _fetch(measured: Sequence[dict[str, Tensor]]) -> list[dict[str, np.ndarray]]:
    """Fetch the metrics of several epochs from the device at once: for each epoch and metric an array ``(R,)``."""
    names = list(measured[0])
    values = torch.stack([torch.stack([torch.atleast_1d(epoch[name]).double() for name in names]) for epoch in measured])
    return [dict(zip(names, epoch, strict=True)) for epoch in values.cpu().numpy()]


class _Progress:
    """Which replicas of a program are still trained, the measured metrics, and the weights of replicas that stopped early.

    In lockstep a replica cannot leave the program: its numbers are still computed, but ignored, so that the other replicas'
    numbers do not change.
    """

    def __init__(self, replicas: int, trainer: Trainer, on_epoch: OnEpoch) -> None:
        self.trainer = trainer
        self._on_epoch = on_epoch
        self.active = np.ones(replicas, dtype=bool)
        """Whether each replica is still trained, ``(R,)``."""
        self.epochs = np.zeros(replicas, dtype=int)
        self.history: list[dict[str, np.ndarray]] = []
        self.failures: dict[int, str] = {}
        self.stopped: dict[int, int] = {}
        self._weights: dict[int, dict[str, Tensor]] = {}

    def end_epoch(self, epoch: int, metrics: dict[str, np.ndarray]) -> None:
        """Record an epoch's metrics, report them, and stop the replicas that `on_epoch` returns."""
        trained = self.active.copy()
        self.epochs[trained] = epoch
        self._stop(self._on_epoch(epoch, self._record(epoch, metrics), trained), epoch)

    def _record(self, epoch: int, metrics: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Add an epoch's metrics to the history, and return them with NaN for replicas that are no longer trained.

        In the history, a replica that stopped keeps its last values; one that diverged has NaN from this epoch on.
        """
        finite = np.isfinite(metrics["train/loss"]) & np.isfinite(metrics["test/loss"])
        for replica in np.flatnonzero(self.active & ~finite).tolist():
            self.failures[replica] = f"{DIVERGED} in epoch {epoch}: the loss is no longer finite"
        self.active &= finite
        current = {name: np.where(self.active, values, np.nan) for name, values in metrics.items()}
        kept = current
        if self.stopped:
            stopped = list(self.stopped)
            kept = {name: values.copy() for name, values in current.items()}
            for name, values in kept.items():
                values[stopped] = self.history[-1][name][stopped]
        self.history.append(kept)
        return current

    def _stop(self, replicas: Collection[int], epoch: int) -> None:
        """Stop some replicas after this epoch, and keep their current weights."""
        for replica in replicas:
            if self.active[replica]:
                self.active[replica] = False
                self.stopped[replica] = epoch
                self._weights[replica] = self._copy(replica)

    def final_weights(self, replica: int) -> dict[str, Tensor]:
        return self._weights.get(replica) or self._copy(replica)

    def _copy(self, replica: int) -> dict[str, Tensor]:
        return {name: tensor.cpu() for name, tensor in self.trainer.weights(replica).items()}


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
