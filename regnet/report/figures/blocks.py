"""The blocks of a network's diagram: layers that mix features, layers that process each feature separately, and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from regnet.contracts import Buffer, Layer, Params
from regnet.errors import ShapeError
from regnet.registry.options import options_of, values_of

Names: TypeAlias = Callable[[type], str] | Mapping[type, str]
"""The catalog's name for a component's class; with a mapping, classes that it lacks keep their own names."""

RESIDUAL = "residual"
"""The catalog's name for the layer that adds its input to its output."""


@dataclass(frozen=True)
class Column:
    """A layer whose outputs are other features than its inputs: a column of neurons."""

    name: str
    size: int
    dense: bool
    """Whether every input has a weight for every output."""


@dataclass(frozen=True)
class Plate:
    """A layer that processes each feature separately and keeps their number: an activation, dropout, a normalization."""

    text: str
    trained: bool
    """Whether it has parameters."""


@dataclass(frozen=True)
class Group:
    """A layer made of layers, one after another."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def skips(self) -> bool:
        """Whether the input also skips the layers."""
        return self.name == RESIDUAL


Block: TypeAlias = Column | Plate | Group


def read_blocks(layers: Sequence[Layer], features: int, names: Names) -> tuple[tuple[Block, ...], int]:
    """Return the blocks of layers that take that many features, and the number of features of the last layer's output.

    Raises:
        ShapeError: a layer does not take the output of the layer before it.
    """
    blocks = []
    for layer in layers:
        block, features = _read(layer, features, names)
        blocks.append(block)
    return tuple(blocks), features


def _read(layer: Layer, features: int, names: Names) -> tuple[Block, int]:
    params, out_features = layer.init(features, torch.Generator())
    name = _name(type(layer), names)
    inside = _read_inside(layer, features, out_features, names)
    if inside:
        return Group(name, inside), out_features
    weights = list(_weights(params))
    dense = any(sorted(weight.shape) == sorted((features, out_features)) for weight in weights)
    if dense or out_features != features or any(weight.ndim > 1 for weight in weights):
        return Column(name, out_features, dense), out_features
    return Plate(_with_options(name, layer), bool(weights)), out_features


def _read_inside(layer: Layer, features: int, out_features: int, names: Names) -> tuple[Block, ...]:
    """Return the blocks of a layer made of layers; empty if it has none, or they are not in sequence."""
    chains = [chain for chain in map(_as_layers, values_of(layer).values()) if chain]
    if len(chains) != 1:
        return ()
    try:
        blocks, last = read_blocks(chains[0], features, names)
    except ShapeError:
        return ()
    return blocks if last == out_features else ()


def _as_layers(value: object) -> tuple[Layer, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(items) if all(isinstance(item, Layer) for item in items) else ()


def _name(component: type, names: Names) -> str:
    return names.get(component, component.__name__) if isinstance(names, Mapping) else names(component)


def _with_options(name: str, layer: Layer) -> str:
    """Return the name with those numeric options that are not at their defaults."""
    options = options_of(type(layer))
    numbers = {option: value for option, value in values_of(layer).items() if type(value) in (int, float)}
    changed = [f"{option} = {value:g}" for option, value in numbers.items() if value != options[option].default]
    return ", ".join([name, *changed])


def _weights(params: Params) -> list[Tensor]:
    """Return the trained tensors among a layer's parameters, including those of inner layers."""
    found = []
    for value in params.values():
        if isinstance(value, Mapping):
            found += _weights(dict(value))
        elif not isinstance(value, Buffer):
            found.append(value)
    return found
