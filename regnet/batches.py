"""Batches: the training examples a few at a time, in the order that each seed's own generator gives."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from regnet.data import Examples
from regnet.streams import stream


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
