"""Random numbers: every draw comes from a generator for one seed and one purpose, never from the global generator."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from regnet.errors import BadOption

Source: TypeAlias = Literal["data", "split", "init", "order", "noise"]
"""A source of randomness: the draw of the examples; their division for training, validation and testing; the initial weights; the
order of the examples; and the random numbers of layers."""
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
Purpose = Literal["data", "validation", "train_size", "label_noise", "weights", "order", "noise"]

OWN_SEED: Final = "seed"
"""The value of a stream that takes the run's own seed."""
SHIFTED: Final = re.compile(r"seed(\+\d{1,18})?")

BLOCK = 4096
"""Numbers drawn at once from each seed's stream: few calls to each generator, and little memory with many replicas."""


def stream(seed: int, purpose: Purpose) -> torch.Generator:
    """Return a new CPU generator for one purpose of one seed.

    Streams for different purposes are independent, so drawing one more weight changes neither the data nor the order of the
    batches. The generator's seed is a hash of the pair, since consecutive integers are poor seeds.
    """
    digest = hashlib.blake2b(f"{purpose}/{seed}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


@dataclass(frozen=True)
class Streams:
    """Which seed each source of randomness takes: the run's own, or another, so that some sources vary and others do not.

    Each is ``seed``, the run's own; a number, the same for every run; or ``seed+1000``, the run's own and that number.

    Args:
        data: the draw of the examples, and of wrong labels (`dataset.label_noise`).
        split: the division of the examples for training, validation and testing, and the choice of `dataset.train_size` of them.
        init: the initial weights.
        order: the order of the examples in each epoch.
        noise: the random numbers of layers such as dropout.
    """

    data: int | str = OWN_SEED
    split: int | str = OWN_SEED
    init: int | str = OWN_SEED
    order: int | str = OWN_SEED
    noise: int | str = OWN_SEED

    def __post_init__(self) -> None:
        for source in SOURCES:
            value = getattr(self, source)
            if (isinstance(value, int) and not 0 <= value < 2**63) or (isinstance(value, str) and not SHIFTED.fullmatch(value)):
                raise BadOption(
                    f"streams.{source}={value}: expected seed; a number from 0 to 2**63 - 1, the same in every run; or seed+NUMBER"
                )

    def seed_of(self, source: Source, seed: int) -> int:
        """Return the seed of a source in the run of a seed."""
        value = getattr(self, source)
        return value if isinstance(value, int) else seed + int(value.removeprefix(OWN_SEED) or 0)

    def varies(self, source: Source) -> bool:
        """Whether a source has another seed in every run."""
        return isinstance(getattr(self, source), str)


OWN: Final = Streams()
"""Every source takes the run's own seed."""


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
