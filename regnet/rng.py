"""Random numbers: every draw comes from a generator for one seed and one purpose, never from the global generator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

Purpose = Literal["data", "validation", "train_size", "label_noise", "weights", "order", "noise"]

BLOCK = 4096
"""Numbers drawn at once from each seed's stream: few calls to each generator, and little memory with many replicas."""


def stream(seed: int, purpose: Purpose) -> torch.Generator:
    """Return a new CPU generator for one purpose of one seed.

    Streams for different purposes are independent, so drawing one more weight changes neither the data nor the order of the
    batches. The generator's seed is a hash of the pair, since consecutive integers are poor seeds.
    """
    digest = hashlib.blake2b(f"{purpose}/{seed}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


class Noise:
    """Uniform numbers for layers that are random in training, such as dropout: each replica draws from its seed's stream.

    A replica's numbers depend only on its requests, so a seed has the same noise alone and among a thousand others.
    """

    def __init__(self, seeds: Sequence[int], *, replica_axis: bool) -> None:
        if not replica_axis and len(seeds) != 1:
            raise ValueError(f"without a replica axis there is one seed, got {len(seeds)}")
        self._generators = [stream(seed, "noise") for seed in seeds]
        self._replica_axis = replica_axis
        self._block = torch.empty(len(seeds), 0)
        self._used = 0

    def rand_like(self, x: Tensor) -> Tensor:
        """Draw numbers uniform in [0, 1), of the shape, type and device of `x` ``(*R, B, F)``."""
        return self.rand(x.shape).to(x)

    def rand(self, shape: torch.Size) -> Tensor:
        """Draw numbers uniform in [0, 1), of a shape ``(*R, B, F)``, in single precision on the CPU."""
        count = (shape[1:] if self._replica_axis else shape).numel()
        if self._used + count > self._block.shape[1]:
            size = max(BLOCK, count)
            self._block = torch.stack([torch.rand(size, generator=generator) for generator in self._generators])
            self._used = 0
        numbers = self._block[:, self._used : self._used + count]
        self._used += count
        return numbers.reshape(shape)

    def state(self) -> dict[str, Any]:
        """What determines the numbers that will be drawn: see `load_state`."""
        states = [generator.get_state() for generator in self._generators]
        return {"generators": states, "block": self._block[:, self._used :]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue where another object with the same seeds was when it returned its state."""
        for generator, kept in zip(self._generators, state["generators"], strict=True):
            generator.set_state(kept)
        self._block = state["block"]
        self._used = 0
