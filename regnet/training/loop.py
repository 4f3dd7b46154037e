"""Training: the loop that every engine goes through, from examples and starting weights to a result."""

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
from regnet.study.study import Study
from regnet.training.evaluation import evaluate

OnEpoch = Callable[[int, dict[str, np.ndarray]], Collection[int]]
"""Called after each epoch with its number, from 1, and its metrics, ``(R,)`` each, which are not a number for rows that are no
longer trained; returns the rows that are to stop here."""


@dataclass(frozen=True)
class Trained:
    """What comes out of a training, by row: a row is one replica, or the only seed that there is."""

    history: dict[str, np.ndarray]
    """For each metric an array ``(R, E)``."""
    failures: dict[int, str]
    """For each row that diverged, how: its metrics are not a number from that epoch on."""
    stopped: dict[int, int]
    """For each row that was ended early, after which epoch: its metrics keep their last values from there on."""
    weights: list[dict[str, Tensor]]
    """Parameters and buffers by dotted name, as they were when the row ended."""
    seconds: float
    """How long it took, evaluation left out, in seconds of wall time."""


def load_data(study: Study, seeds: Sequence[int]) -> list[Data]:
    """Each seed's examples, ready to train on; one and the same object for all where the data set does not redraw."""
    shared: Data | None = None
    loaded = []
    for seed in seeds:
        if shared is None or study.dataset.redraw:
            splits, validation = set_aside(load_splits(study.dataset, seed), study.validation, seed, redraw=study.dataset.redraw)
            shared = prepare(splits, study.normalization, study.coding, study.dtype, validation)
        loaded.append(shared)
    return loaded


@dataclass(frozen=True)
class Row:
    """What one row starts from."""

    seed: int
    start: Params
    """The parameters as `Layer.init` left them."""
    data: Data


def train(study: Study, rows: Sequence[Row], on_epoch: OnEpoch, lag: int = 1, *, replica_axis: bool) -> Trained:
    """Trains every row from its start on its data: one alone, or any number in lockstep along a replica axis.

    A row whose loss is no longer finite has diverged. Its metrics are not a number from that epoch on; the others go on.
    On a GPU `on_epoch` may be called for up to `lag` epochs at once, so that metrics are seldom waited for.

    Raises:
        ShapeError: the layers' sizes do not fit each other, the data or the targets.
    """
    seeds = [row.seed for row in rows]
    data = (stack([row.data for row in rows]) if replica_axis else rows[0].data).to(study.device)
    trainer = make_trainer(study, seeds, [row.start for row in rows], replica_axis=replica_axis)
    progress = _Progress(len(rows), trainer, on_epoch)
    batches = Batches(data.train, study.batch_size, study.shuffle, seeds)
    seconds = _train_epochs(progress, study, batches, data, lag if study.device.type == "cuda" else 1)
    weights = [progress.final_weights(row) for row in range(len(rows))]
    history = {metric: np.stack([epoch[metric] for epoch in progress.history], axis=1) for metric in progress.history[0]}
    return Trained(history, progress.failures, progress.stopped, weights, seconds)


def _train_epochs(progress: _Progress, study: Study, batches: Batches, data: Data, lag: int) -> float:
    """Trains epoch by epoch until the last one, or until no row goes on; returns the seconds spent on training alone."""
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
        if not progress.going_on.any():
            break
    return seconds


def _fetch(measured: Sequence[dict[str, Tensor]]) -> list[dict[str, np.ndarray]]:
    """The metrics of several epochs from the device, all at once: for each an array ``(R,)``."""
    names = list(measured[0])
    values = torch.stack([torch.stack([torch.atleast_1d(epoch[name]).double() for name in names]) for epoch in measured])
    return [dict(zip(names, epoch, strict=True)) for epoch in values.cpu().numpy()]


class _Progress:
    """Which rows of a program are still being trained, what was measured, and the weights of those that stopped early.

    In lockstep a row cannot leave the program: its numbers are computed on and thrown away, so that the others' stay as they are.
    """

    def __init__(self, rows: int, trainer: Trainer, on_epoch: OnEpoch) -> None:
        self.trainer = trainer
        self._on_epoch = on_epoch
        self.going_on = np.ones(rows, dtype=bool)
        """Whether each row is still being trained, ``(R,)``."""
        self.history: list[dict[str, np.ndarray]] = []
        self.failures: dict[int, str] = {}
        self.stopped: dict[int, int] = {}
        self._weights: dict[int, dict[str, Tensor]] = {}

    def end_epoch(self, epoch: int, metrics: dict[str, np.ndarray]) -> None:
        """Takes an epoch's metrics, tells of them, and ends the rows that are to stop there."""
        news = self._record(epoch, metrics)
        self._stop(self._on_epoch(epoch, news), epoch)

    def _record(self, epoch: int, metrics: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Takes an epoch's metrics into the history, and returns them with "not a number" for rows that no longer go on.

        A row that stopped keeps its last value in the history; one that diverged has none from here on.
        """
        finite = np.isfinite(metrics["train/loss"]) & np.isfinite(metrics["test/loss"])
        for row in np.flatnonzero(self.going_on & ~finite).tolist():
            self.failures[row] = f"diverged in epoch {epoch}: the loss is no longer finite"
        self.going_on &= finite
        news = {name: np.where(self.going_on, values, np.nan) for name, values in metrics.items()}
        kept = news
        if self.stopped:
            rows = list(self.stopped)
            kept = {name: values.copy() for name, values in news.items()}
            for name, values in kept.items():
                values[rows] = self.history[-1][name][rows]
        self.history.append(kept)
        return news

    def _stop(self, rows: Collection[int], epoch: int) -> None:
        """Ends the training of some rows after this epoch, and keeps their weights as they are now."""
        for row in rows:
            if self.going_on[row]:
                self.going_on[row] = False
                self.stopped[row] = epoch
                self._weights[row] = self._copy(row)

    def final_weights(self, row: int) -> dict[str, Tensor]:
        return self._weights.get(row) or self._copy(row)

    def _copy(self, row: int) -> dict[str, Tensor]:
        return {name: tensor.cpu() for name, tensor in self.trainer.weights(row).items()}


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
