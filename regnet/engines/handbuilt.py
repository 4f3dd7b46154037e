"""The hand-built engine: the components' own forward, backward and update, without autograd, torch.nn or torch.optim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Params
from regnet.engines import Trainer, load_optimizer_state
from regnet.engines.cuda_graph import CapturedEpoch
from regnet.engines.recording import RecordedStep
from regnet.engines.replicas import with_tensors
from regnet.network.parameters import ParameterStore
from regnet.rng import Noise
from regnet.study.study import Study


class HandbuiltTrainer(Trainer):
    """Trains one seed, or many in lockstep along a leading replica axis, with the same code."""

    @torch.inference_mode()  # views of tensors made in this mode are faster
    def __init__(self, study: Study, seeds: Sequence[int], starts: Sequence[Params], *, replica_axis: bool) -> None:
        self._network = study.network
        self._loss = study.loss
        self._replay = study.replay
        self._store = ParameterStore(starts, replica_axis=replica_axis, dtype=study.dtype, device=study.device)
        self._optimizer = with_tensors(study.optimizer, self._store.spread)
        self._state = self._optimizer.init(self._store.values)
        self._noise = Noise(seeds, replica_axis=replica_axis)
        self._checked = False
        self._batches: Sequence[tuple[Tensor, Tensor]] = ()
        self._recorded: dict[torch.Size, RecordedStep] = {}
        self._epoch = CapturedEpoch(self._step, self._noise) if study.replay and study.device.type == "cuda" else None

    @torch.inference_mode()
    def train_epoch(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        if self._epoch is not None:
            self._epoch.run(batches)
        elif self._replay:
            self._play(batches)
        else:
            for batch in batches:
                self._step(batch, self._noise)

    def _play(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        if batches is not self._batches:
            self._batches = batches
            for step in self._recorded.values():
                step.forget_batches()
        for shape, same_shape in groupby(batches, key=lambda batch: batch[0].shape):
            self._recorded_step(shape).run(list(same_shape))

    def _step(self, batch: tuple[Tensor, Tensor], noise: Noise) -> None:
        """Run one step with the components' own code."""
        x, target = batch
        store, network = self._store, self._network
        prediction, cache = network.forward(store.tree, x, Context(training=True, noise=noise))
        gradients = network.gradients(store.tree, cache, self._loss.backward(prediction, target))
        if not self._checked:
            store.check(gradients)
            self._checked = True
        store.collect(gradients)
        self._optimizer.update(store.values, store.gradients, self._state)

    def _recorded_step(self, shape: torch.Size) -> RecordedStep:
        if shape not in self._recorded:
            self._recorded[shape] = RecordedStep(self._step, self._noise, self._lasting, self._store.gradients)
        return self._recorded[shape]

    def _lasting(self) -> list[Tensor]:
        return [self._store.values, *self._store.buffers, *self._state.values()]

    @torch.inference_mode()
    def predict(self, x: Tensor) -> Tensor:
        return self._network.forward(self._store.tree, x, Context(training=False, noise=self._noise))[0]

    def weights(self, replica: int) -> dict[str, Tensor]:
        return self._store.weights(replica)

    def state(self) -> dict[str, Any]:
        return {"network": self._store.state(), "optimizer": dict(self._state), "noise": self._noise.state()}

    @torch.inference_mode()
    def load_state(self, state: Mapping[str, Any]) -> None:
        self._store.load_state(state["network"])
        load_optimizer_state(self._state, state["optimizer"])
        self._noise.load_state(state["noise"])
