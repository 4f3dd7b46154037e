"""Batches: the training examples a few at a time, in an order drawn from each seed's generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from regnet.data.prepare import Examples
from regnet.rng import stream


def batch_sizes(examples: int, batch_size: int, *, drop_last: bool) -> list[int]:
    """The numbers of examples in an epoch's batches: if the sizes do not divide, the last is smaller, or left out."""
    whole, rest = divmod(examples, batch_size)
    return [batch_size] * whole + ([rest] if rest and not drop_last else [])


CONTIGUOUS = torch.contiguous_format


class Batches:
    """The training examples in batches: in the order given, or shuffled in each epoch by each seed's generator.

    The batches are the same tensors in every epoch; shuffling overwrites their contents.
    """

    def __init__(
        self, examples: Examples, batch_size: int, shuffle: bool, seeds: Sequence[int], *, drop_last: bool = False
    ) -> None:
        self._examples = examples
        self._axis = examples.x.dim() - 2
        self._generators = [stream(seed, "order") for seed in seeds] if shuffle else []
        self._sizes = batch_sizes(examples.x.shape[self._axis], batch_size, drop_last=drop_last)
        parts = zip(self._split(examples.x), self._split(examples.target), strict=True)
        self._batches = [(x.clone(memory_format=CONTIGUOUS), target.clone(memory_format=CONTIGUOUS)) for x, target in parts]

    def epoch(self) -> list[tuple[Tensor, Tensor]]:
        """Return one epoch's batches: inputs ``(*R, B, F)`` and targets; the last may be smaller, see `batch_sizes`."""
        if self._generators:
            self._shuffle()
        return self._batches

    def state(self) -> dict[str, Any]:
        """What determines the order of the next epochs: see `load_state`."""
        return {"generators": [generator.get_state() for generator in self._generators]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue with the epoch after that at whose end another object for the same seeds returned its state."""
        for generator, kept in zip(self._generators, state["generators"], strict=True):
            generator.set_state(kept)

    def _shuffle(self) -> None:
        count = self._examples.x.shape[self._axis]
        orders = torch.stack([torch.randperm(count, generator=generator) for generator in self._generators])
        order = (orders if self._axis else orders[0]).to(self._examples.x.device)
        for index, tensor in enumerate((self._examples.x, self._examples.target)):
            batches = [batch[index] for batch in self._batches]
            for batch, part in zip(batches, self._split(self._take(tensor, order)), strict=True):
                batch.copy_(part)

    def _split(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The examples in batches, without those that are left out."""
        return torch.split(tensor.narrow(self._axis, 0, sum(self._sizes)), self._sizes, self._axis)

    def _take(self, tensor: Tensor, order: Tensor) -> Tensor:
        if not self._axis:
            return tensor[order]
        return tensor[torch.arange(len(tensor), device=tensor.device).unsqueeze(-1), order]
