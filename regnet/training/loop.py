"""Training: the loop that all engines share, from examples and starting weights to a result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regnet.contracts import Params
from regnet.data.batches import Batches
from regnet.data.prepare import Data, load_examples, prepare, stack
from regnet.engines import Trainer, make_trainer
from regnet.engines.replicas import merge
from regnet.processes.stop import Stop
from regnet.rng import Source, stream
from regnet.study.result import DIVERGED
from regnet.study.study import Study
from regnet.training.checkpoint import Checkpoints
from regnet.training.evaluation import evaluate, predict_all

log = logging.getLogger("regnet")

OnEpoch = Callable[[int, dict[str, np.ndarray], np.ndarray], Collection[int]]
"""Called after each epoch with the number of the epoch, from 1, its metrics, and a mask ``(R,)`` of the replicas trained in it.

Each metric has shape ``(R,)`` and is NaN for replicas that are no longer trained. Returns the indices of the replicas to stop."""


@dataclass(frozen=True)
class Control:
    """What happens after each epoch."""

    on_epoch: OnEpoch
    lag: int
    """For how many epochs in a row `on_epoch` may be called on a GPU, so that training seldom waits for metrics."""
    checkpoints: Checkpoints
    stop: Stop


@dataclass(frozen=True, eq=False)
class Replica:
    """One seed of a study with its data; a program trains one or many of them."""

    study: Study
    seed: int
    data: Data

    def start(self) -> Params:
        """The parameters that `Layer.init` returns."""
        return self.study.network.init(self.study.features, stream(self.seed_of("init"), "weights"))[0]

    def seed_of(self, source: Source) -> int:
        """The seed that a source of randomness takes."""
        return self.study.streams.seed_of(source, self.seed)


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
    outputs: list[Tensor | None]
    """Each replica's outputs ``(N, K)`` for the test examples, from its engine; None if it stopped before others did."""
    seconds: float
    """The wall time of training without evaluation, in seconds."""


def load_data(study: Study, seeds: Sequence[int]) -> list[Data]:
    """Each seed's prepared examples; the same object for seeds with the same examples."""
    loaded: dict[tuple[int, ...], Data] = {}
    for seed in seeds:
        if (key := study.examples_key(seed)) not in loaded:
            splits, validation = load_examples(study.dataset, study.validation, seed, study.streams)
            loaded[key] = prepare(splits, study.normalization, study.coding, study.dtype, validation)
    return [loaded[study.examples_key(seed)] for seed in seeds]


def train(replicas: Sequence[Replica], control: Control, *, replica_axis: bool) -> Trained:
    """Train every replica from its start on its data: one alone, or any number in lockstep along a replica axis.

    A replica whose loss is no longer finite has diverged. Its metrics are NaN from that epoch on; the others continue.
    If there is a checkpoint, training continues from it, after `on_epoch` was called for each epoch before it.

    Raises:
        KeyboardInterrupt: a stop was requested; there is a checkpoint of the last epoch then.
        ShapeError: the layers' sizes do not fit each other, the data or the targets.
    """
    study = merge([replica.study for replica in replicas])
    data = (stack([replica.data for replica in replicas]) if replica_axis else replicas[0].data).to(study.device)
    training = _continued(lambda: _Training(study, replicas, data, replica_axis=replica_axis), control.checkpoints)
    training.progress.report(control.on_epoch)
    training.run(control)
    progress = training.progress
    weights = [progress.final_weights(replica) for replica in range(len(replicas))]
    history = {metric: np.stack([epoch[metric] for epoch in progress.history], axis=1) for metric in progress.history[0]}
    outputs = training.outputs(replica_axis=replica_axis)
    return Trained(history, progress.failures, progress.stopped, progress.epochs, weights, outputs, training.seconds)


def _continued(start: Callable[[], _Training], checkpoints: Checkpoints) -> _Training:
    """The training as the newest usable checkpoint has it, or from its start."""
    for found in checkpoints.newest_first():
        training = start()
        try:
            training.load_state(found.state)
        except Exception as error:  # of a component that has changed since
            log.warning("regnet: %s does not fit: %s; an older checkpoint is used, or its runs start over", found.path, error)
        else:
            log.info("Training continues after epoch %s, from %s", found.epoch, found.path)
            return training
    return start()


class _Training:
    """A program in training: all that changes from epoch to epoch."""

    def __init__(self, study: Study, replicas: Sequence[Replica], data: Data, *, replica_axis: bool) -> None:
        starts, noise = [replica.start() for replica in replicas], [replica.seed_of("noise") for replica in replicas]
        order = [replica.seed_of("order") for replica in replicas]
        self.study = study
        self.data = data
        self.trainer = make_trainer(study, noise, starts, replica_axis=replica_axis)
        self.batches = Batches(data.train, study.batch_size, study.shuffle, order, drop_last=study.drop_last)
        self.progress = _Progress(len(replicas), self.trainer)
        self.seconds = 0.0
        """The time of training without evaluation."""

    def state(self) -> dict[str, Any]:
        """Everything that determines the rest of the training; the tensors change with the next epoch."""
        return {
            "seconds": self.seconds,
            "trainer": self.trainer.state(),
            "batches": self.batches.state(),
            "progress": self.progress.state(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue from a state; before the first epoch."""
        self.seconds = state["seconds"]
        self.trainer.load_state(state["trainer"])
        self.batches.load_state(state["batches"])
        self.progress.load_state(state["progress"])

    def run(self, control: Control) -> None:
        """Train until the last epoch, until no replica is trained any more, or until a stop is requested."""
        study, progress, stop = self.study, self.progress, control.stop
        lag = control.lag if study.device.type == "cuda" else 1
        measured: list[dict[str, Tensor]] = []
        for epoch in range(len(progress.history) + 1, study.epochs + 1):
            if not progress.active.any():
                break
            order = self.batches.epoch()
            if study.max_steps is not None:
                left = study.max_steps - (epoch - 1) * len(order)
                order = order if left >= len(order) else order[:left]  # the same list of batches, as long as it is whole
            start = _clock(study.device)
            self.trainer.train_epoch(order)
            self.seconds += _clock(study.device) - start
            with torch.inference_mode():
                measured.append(evaluate(self.trainer.predict, self.data, study.loss, study.metrics))
            if len(measured) < lag and epoch < study.epochs and not stop.requested:
                continue
            first = epoch - len(measured) + 1
            for number, metrics in enumerate(_fetch(measured), start=first):
                progress.end_epoch(number, metrics, control.on_epoch)
            measured = []
            if epoch == study.epochs or not progress.active.any():
                break
            stopping = stop.requested
            if stopping or control.checkpoints.due(epoch):
                control.checkpoints.write(epoch, self.state(), self._score())
            if stopping:
                stop.check()

    def outputs(self, *, replica_axis: bool) -> list[Tensor | None]:
        """The outputs for the test examples of each replica that was trained to the last epoch."""
        with torch.inference_mode():
            found = predict_all(self.trainer.predict, self.data.test.x).cpu()
        last = self.progress.epochs == self.progress.epochs.max()
        return [outputs if whole else None for outputs, whole in zip(found if replica_axis else [found], last, strict=True)]

    def _score(self) -> float | None:
        """How good the networks are on average, larger is better; None if this is not known."""
        last = self.progress.history[-1].get(self.study.headline)
        if last is None or not np.isfinite(last).any():
            return None
        mean = float(np.mean(last[np.isfinite(last)]))
        return -mean if self.study.measure(self.study.headline).smaller_is_better else mean


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

    def __init__(self, replicas: int, trainer: Trainer) -> None:
        self._trainer = trainer
        self.active = np.ones(replicas, dtype=bool)
        """Whether each replica is still trained, ``(R,)``."""
        self.epochs = np.zeros(replicas, dtype=int)
        self.history: list[dict[str, np.ndarray]] = []
        self.failures: dict[int, str] = {}
        self.stopped: dict[int, int] = {}
        self._weights: dict[int, dict[str, Tensor]] = {}

    def end_epoch(self, epoch: int, metrics: dict[str, np.ndarray], on_epoch: OnEpoch) -> None:
        """Record an epoch's metrics, report them, and stop the replicas that `on_epoch` returns."""
        trained = self.active.copy()
        self.epochs[trained] = epoch
        self._stop(on_epoch(epoch, self._record(epoch, metrics), trained), epoch)

    def report(self, on_epoch: OnEpoch) -> None:
        """Report the epochs that an earlier process has trained, as it did; which replicas stopped is known."""
        for epoch, kept in enumerate(self.history, start=1):
            trained = self.epochs >= epoch
            on_epoch(epoch, {name: np.where(trained, values, np.nan) for name, values in kept.items()}, trained)

    def state(self) -> dict[str, Any]:
        """All that was recorded so far."""
        names = list(self.history[0]) if self.history else []
        return {
            "active": self.active,
            "epochs": self.epochs,
            "history": {name: np.stack([epoch[name] for epoch in self.history]) for name in names},
            "failures": self.failures,
            "stopped": self.stopped,
            "weights": self._weights,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue from what was recorded."""
        self.active, self.epochs = state["active"].numpy(), state["epochs"].numpy()
        columns = {name: values.numpy() for name, values in state["history"].items()}
        epochs = max(map(len, columns.values()), default=0)
        self.history = [{name: values[epoch] for name, values in columns.items()} for epoch in range(epochs)]
        self.failures, self.stopped, self._weights = state["failures"], state["stopped"], state["weights"]

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
        return {name: tensor.cpu() for name, tensor in self._trainer.weights(replica).items()}


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
