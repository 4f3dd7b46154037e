"""The header of a weights file: what is needed, besides the weights and the configuration, to use a network on raw inputs.

It is read in processes without torch, so it holds numbers instead of tensors.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from safetensors import safe_open

CONFIG = "config.yaml"
"""The file with the run's configuration."""
WEIGHTS = "weights.safetensors"
"""The file with the network's parameters and buffers, by dotted name, under a `Header`."""
NEEDS = "plugins.json"
"""The file with the distributions that the network needs."""

SCORES = "scores"
"""The prediction parameter that asks for the network's outputs."""

KEY = "regnet"
"""The header's key in the metadata of a safetensors file."""

Numbers: TypeAlias = Any
"""A number, or nested lists of numbers, as returned by `Tensor.tolist`."""


@dataclass(frozen=True)
class Header:
    """How to normalize inputs in the data set's units for a network, and how to decode its outputs."""

    seed: int
    features: int
    outputs: int
    """The number of outputs for each example."""
    task: str
    """classification or regression."""
    coding: str
    """How targets were coded for the loss: see `regnet.data.targets`."""
    shift: Numbers
    """What normalization subtracts from inputs."""
    scale: Numbers
    """What normalization divides by."""
    precision: str
    """The type in which inputs are shifted and scaled, such as ``float64``."""
    target_offset: Numbers
    """What was subtracted from targets."""
    target_scale: Numbers
    """What targets were divided by."""
    examples: list[list[float]] = field(repr=False)
    """A few inputs in the data set's units."""
    schema: dict[str, Any] | None = None
    """What the inputs and the target mean, as `regnet.data.schema` describes it; None if they are no columns of a table."""

    def metadata(self) -> dict[str, str]:
        """Return the header as metadata for a safetensors file."""
        return {KEY: json.dumps(asdict(self))}


def read_header(file: Path) -> Header:
    """Read the header of a weights file.

    Raises:
        ValueError: the file has no header.
    """
    with safe_open(file, "numpy") as opened:
        metadata = opened.metadata() or {}
    if KEY not in metadata:
        raise ValueError(f"{file} does not say how to normalize inputs and decode outputs: it is no weights file of a tracked run")
    return Header(**json.loads(metadata[KEY]))
