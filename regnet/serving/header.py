"""The header of a weights file: what it takes, besides the weights and the configuration, to use a network on raw inputs.

It is read where torch is not, and so holds numbers rather than tensors.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from safetensors import safe_open

CONFIG = "config.yaml"
"""The configuration of the run."""
WEIGHTS = "weights.safetensors"
"""Its parameters and buffers, by dotted name, under such a header."""
NEEDS = "plugins.json"
"""The distributions that the network is made of."""

SCORES = "scores"
"""The parameter of a prediction that asks for the network's outputs themselves."""

KEY = "regnet"
"""The header's name among a safetensors file's metadata."""

Numbers: TypeAlias = Any
"""A number, or nested lists of numbers, as `Tensor.tolist` gives them."""


@dataclass(frozen=True)
class Header:
    """How inputs in the data set's own units become a network's inputs, and its outputs answers."""

    seed: int
    features: int
    outputs: int
    """How many numbers the network gives for each example."""
    task: str
    """classification or regression."""
    coding: str
    """How targets were written for the loss: see `regnet.data.targets`."""
    shift: Numbers
    """What normalization takes off inputs."""
    scale: Numbers
    """What it divides by."""
    target_offset: Numbers
    """What was taken off targets."""
    target_scale: Numbers
    """What they were divided by."""
    examples: list[list[float]] = field(repr=False)
    """A few inputs in the data set's own units."""

    def metadata(self) -> dict[str, str]:
        """The header as a safetensors file takes it."""
        return {KEY: json.dumps(asdict(self))}


def read_header(file: Path) -> Header:
    """The header of a weights file.

    Raises:
        ValueError: it has none.
    """
    with safe_open(file, "numpy") as opened:
        metadata = opened.metadata() or {}
    if KEY not in metadata:
        raise ValueError(f"{file} does not say how to normalize inputs and decode outputs: it is no weights file of a tracked run")
    return Header(**json.loads(metadata[KEY]))
