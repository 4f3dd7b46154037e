"""Training: the loop that every engine goes through, from examples and starting weights to a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from regnet.data import Data, Examples, load_splits, prepare, stack
from regnet.engines import Trainer, make_trainer
from regnet.machine import describe_machine
from regnet.metrics import evaluate
from regnet.results import StudyResult, TrainedNetwork
from regnet.streams import stream
from regnet.study import Study

OnEpoch = Callable[[int, dict[str, np.ndarray]], None]
"""Called after each epoch with its number, from 1, and its metrics, ``(R,)`` each."""


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
        trainer = make_trainer(study, seeds, starts)
        history, seconds, failures = _epochs(trainer, study, seeds, whole.to(study.device), on_epoch)
        networks = [
            TrainedNetwork(study.network, seed, {name: w.cpu() for name, w in trainer.weights(row).items()}, one)
            for row, (seed, one) in enumerate(zip(seeds, data, strict=True))
        ]
    return StudyResult(
        name=study.name,
        identity=study.identity,
        config=study.config,
        seeds=tuple(seeds),
        history={metric: np.stack([epoch[metric] for epoch in history], axis=1) for metric in history[0]},
        together=np.full(len(seeds), len(seeds)),
        seconds=np.full(len(seeds), seconds),
        failures=failures,
        networks=tuple(networks),
        machine=describe_machine(),
    )


def _epochs(
    trainer: Trainer, study: Study, seeds: Sequence[int], data: Data, on_epoch: OnEpoch
) -> tuple[list[dict[str, np.ndarray]], float, dict[int, str]]:
    batches = Batches(data.train, study.batch_size, study.shuffle, seeds)
    history: list[dict[str, np.ndarray]] = []
    failures: dict[int, str] = {}
    seconds = 0.0
    for epoch in range(1, study.epochs + 1):
        order = batches.epoch()
        start = _clock(study.device)
        trainer.train_epoch(order)
        seconds += _clock(study.device) - start
        with torch.inference_mode():
            found = evaluate(trainer.predict, data, study.loss)
        metrics = {name: np.atleast_1d(value.cpu().double().numpy()) for name, value in found.items()}
        for row, seed in enumerate(seeds):
            if seed not in failures and not np.isfinite([metrics["train/loss"][row], metrics["test/loss"][row]]).all():
                failures[seed] = f"diverged in epoch {epoch}: the loss is no longer finite"
        failed = np.array([seed in failures for seed in seeds])
        metrics = {name: np.where(failed, np.nan, values) for name, values in metrics.items()}
        history.append(metrics)
        on_epoch(epoch, metrics)
        if failed.all():
            break
    return history, seconds, failures


class Batches:
    """The training examples in batches: in the order given, or newly shuffled each epoch by each seed's own generator."""

    def __init__(self, examples: Examples, batch_size: int, shuffle: bool, seeds: Sequence[int]) -> None:
        self._examples = examples
        self._size = batch_size
        self._replica_axis = examples.x.dim() == 3
        self._generators = [stream(seed, "order") for seed in seeds] if shuffle else []
        self._in_order = [] if shuffle else self._cut(examples.x, examples.target)

    def epoch(self) -> list[tuple[Tensor, Tensor]]:
        """One epoch's batches: inputs ``(*R, B, F)`` and targets; the last one is smaller where the sizes do not divide."""
        if not self._generators:
            return self._in_order
        count = self._examples.x.shape[-2]
        order = torch.stack([torch.randperm(count, generator=generator) for generator in self._generators])
        order = order.to(self._examples.x.device) if self._replica_axis else order[0].to(self._examples.x.device)
        return self._cut(self._take(self._examples.x, order), self._take(self._examples.target, order))

    def _take(self, tensor: Tensor, order: Tensor) -> Tensor:
        if not self._replica_axis:
            return tensor[order]
        return tensor[torch.arange(len(tensor), device=tensor.device).unsqueeze(-1), order]

    def _cut(self, x: Tensor, target: Tensor) -> list[tuple[Tensor, Tensor]]:
        axis = 1 if self._replica_axis else 0
        parts = zip(x.split(self._size, axis), target.split(self._size, axis), strict=True)
        return [(a.contiguous(), b.contiguous()) for a, b in parts]


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
