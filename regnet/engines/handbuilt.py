"""The hand-built engine: forward, backward and update as the components write them; no autograd, no torch.nn, no torch.optim."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from regnet.contracts import Context, Params
from regnet.engines import Trainer
from regnet.parameters import ParameterStore
from regnet.streams import Noise
from regnet.study import Study


class HandbuiltTrainer(Trainer):
    """Trains one seed, or many in lockstep along a leading replica axis, with the same lines."""

    @torch.inference_mode()  # views of tensors that are made here are quicker to take
    def __init__(self, study: Study, seeds: Sequence[int], starts: Sequence[Params]) -> None:
        replica_axis = len(seeds) > 1
        self._network = study.network
        self._loss = study.loss
        self._optimizer = study.optimizer
        self._store = ParameterStore(starts, replica_axis=replica_axis, dtype=study.dtype, device=study.device)
        self._state = self._optimizer.init(self._store.values)
        noise = Noise(seeds, replica_axis=replica_axis)
        self._training = Context(training=True, noise=noise)
        self._predicting = Context(training=False, noise=noise)
        self._checked = False

    @torch.inference_mode()
    def train_epoch(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        store, network, loss, update = self._store, self._network, self._loss, self._optimizer.update
        for x, target in batches:
            prediction, cache = network.forward(store.tree, x, self._training)
            gradients = network.gradients(store.tree, cache, loss.backward(prediction, target))
            if not self._checked:
                store.check(gradients)
                self._checked = True
            store.collect(gradients)
            update(store.values, store.gradients, self._state)

    @torch.inference_mode()
    def predict(self, x: Tensor) -> Tensor:
        return self._network.forward(self._store.tree, x, self._predicting)[0]

    def weights(self, replica: int) -> dict[str, Tensor]:
        return self._store.weights(replica)
