"""The parameters that a layer is checked with: by name, moved away from ones and zeros, which would hide mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import Violation, kind_of
from regnet.check.running import calling
from regnet.contracts import Buffer, Layer, Params
from regnet.errors import RegnetError
from regnet.network.parameters import Path, leaves, rebuild


@dataclass(frozen=True)
class Start:
    """One replica's parameters in double precision, and which of them are trained."""

    params: Params
    trained: tuple[str, ...]
    """Dotted names of the parameters that `backward` must give gradients for."""
    buffers: tuple[str, ...]
    out_features: int


def moved_start(layer: Layer, features: int, seed: int, scale: float) -> Start:
    """Parameters moved at random from their start.

    Weights of one and biases of zero would hide a wrong factor or a missing term. Buffers only increase, since a variance must
    stay positive.
    """
    start, out_features = init(layer, features, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(100 + seed)
    moved: dict[Path, Tensor] = {}
    buffers = []
    for path, leaf in leaves(start):
        if isinstance(leaf, Buffer):
            buffers.append(".".join(path))
            moved[path] = leaf.value.double() + 2 * scale * torch.rand(leaf.value.shape, generator=generator, dtype=torch.float64)
        else:
            moved[path] = leaf.detach().double() + scale * torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
    trained = tuple(".".join(path) for path in moved if ".".join(path) not in buffers)
    return Start(rebuild(start, moved), trained, tuple(buffers), out_features)


def plain_start(layer: Layer, features: int, seed: int) -> Params:
    """The parameters exactly as `init` draws them, with the tensors of buffers in place of `Buffer`."""
    start, _ = init(layer, features, torch.Generator().manual_seed(seed))
    return rebuild(start, dict(_tensors(start)))


def init(layer: Layer, features: int, generator: torch.Generator) -> tuple[Params, int]:
    """What the layer's `init` returns: the parameters by name, and the number of output features.

    Raises:
        RegnetError: the layer cannot take that many features.
        Violation: `init` raises another error, or returns something else.
    """
    refused = "a layer that cannot take a number of features raises regnet.RegnetError"
    with calling("init", refused, passing=(RegnetError,)):
        found: Any = layer.init(features, generator)
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], dict) and type(found[1]) is int):
        cause = "init returns the parameters by name, and the number of output features"
        raise Violation("init()", "a tuple (dict of parameters, int)", kind_of(found), cause)
    for path, leaf in leaves(found[0]):
        value = leaf.value if isinstance(leaf, Buffer) else leaf
        if not isinstance(value, Tensor):
            raise Violation(".".join(path), "a tensor, or a Buffer of one", kind_of(value), "init returns tensors by name")
    return found


def named(tree: Params, during: str = "") -> dict[str, Tensor]:
    """Every tensor of a tree by its dotted name.

    Raises:
        Violation: a leaf is not a tensor, as may be in what a layer's backward returned.
    """
    found: dict[str, Any] = {".".join(path): leaf for path, leaf in leaves(tree)}
    for name, leaf in found.items():
        if not isinstance(leaf, Tensor):
            cause = "gradients are tensors, by the parameter's name"
            raise Violation(f"gradient of {name}", "a tensor", kind_of(leaf), cause, during)
    return found


def replaced(tree: Params, tensors: Mapping[str, Tensor]) -> Params:
    """The tree with some of its tensors replaced, by dotted name."""
    return rebuild(tree, {path: tensors.get(".".join(path), leaf) for path, leaf in _tensors(tree)})


def converted(tree: Params, dtype: torch.dtype) -> Params:
    """A copy of the tree in the given precision."""
    return rebuild(tree, {path: leaf.to(dtype, copy=True) for path, leaf in _tensors(tree)})


def stacked(trees: list[Params]) -> Params:
    """The replicas' trees with a replica axis in front of each tensor."""
    found = [dict(_tensors(tree)) for tree in trees]
    return rebuild(trees[0], {path: torch.stack([tensors[path] for tensors in found]) for path in found[0]})


def _tensors(tree: Params) -> Iterator[tuple[Path, Tensor]]:
    """The leaves of a tree, with the tensors of buffers in place of `Buffer`."""
    for path, leaf in leaves(tree):
        yield path, leaf.value if isinstance(leaf, Buffer) else leaf
