"""The parameter store: every trained number of every replica in one flat tensor, so that an optimizer's step is a few calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from regnet.contracts import Buffer, Params
from regnet.errors import ShapeError

Path: TypeAlias = tuple[str, ...]
"""Where in a tree of parameters a tensor is: ``("0", "weight")``, written ``0.weight``."""


def leaves(tree: Params, path: Path = ()) -> Iterator[tuple[Path, Tensor | Buffer]]:
    """Every tensor of a tree, with its path, depth first."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


class ParameterStore:
    """The parameters of one network, for one replica or for many.

    Each parameter's whole stack ``(R, ...)`` is contiguous in `values`, one parameter after another: a layer then sees
    contiguous tensors, which batched products need to be quick, and an optimizer sees one.
    """

    def __init__(self, replicas: Sequence[Params], *, replica_axis: bool, dtype: torch.dtype, device: torch.device) -> None:
        """Takes what `Layer.init` gives for each replica; without a replica axis there is one."""
        stacked: dict[Path, Tensor] = {}
        self.trained: list[Path] = []
        """The paths of the trained parameters, in the order of `values`."""
        for path, first in leaves(replicas[0]):
            found = [_at(tree, path) for tree in replicas]
            tensors = [leaf.value if isinstance(leaf, Buffer) else leaf for leaf in found]
            stacked[path] = (torch.stack(tensors) if replica_axis else tensors[0]).to(device, dtype, copy=True)
            if not isinstance(first, Buffer):
                self.trained.append(path)
        self.values = torch.cat([torch.empty(0).to(device, dtype), *(stacked[path].reshape(-1) for path in self.trained)])
        """Every trained parameter, ``(P,)``."""
        self.gradients = torch.zeros_like(self.values)
        """The loss's gradient with respect to `values`, ``(P,)``."""
        sizes = [stacked[path].numel() for path in self.trained]
        places = [part.view(stacked[path].shape) for path, part in zip(self.trained, self.gradients.split(sizes), strict=True)]
        self._places = list(zip(self.trained, places, strict=True))
        for path, part in zip(self.trained, self.values.split(sizes), strict=True):
            stacked[path] = part.view(stacked[path].shape)
        self.tree: Params = rebuild(replicas[0], stacked)
        """The tree that layers are given: views into `values`, and the buffers."""
        self.replica_axis = replica_axis

    def collect(self, gradients: Params) -> None:
        """Copies what a network's `backward` returned to where it belongs in `gradients`."""
        for path, place in self._places:  # `_at` written out: this is part of every training step
            leaf: Any = gradients
            for name in path:
                leaf = leaf[name]
            place.copy_(leaf)

    def check(self, gradients: Params, network: str = "the network") -> None:
        """Compares the gradients' names and shapes with the parameters'.

        Raises:
            ShapeError: a gradient is missing or has another shape than its parameter; says which.
        """
        found = dict(leaves(gradients))
        for path in self.trained:
            name, expected = ".".join(path), tuple(_at(self.tree, path).shape)
            if path not in found:
                raise ShapeError(f"{network}: backward gave no gradient for parameter {name}, expected one of shape {expected}")
            if tuple(found[path].shape) != expected:  # type: ignore[union-attr]
                got = tuple(found[path].shape)  # type: ignore[union-attr]
                raise ShapeError(f"{network}: backward gave parameter {name} a gradient of shape {got}, expected {expected}")

    def spread(self, values: Tensor) -> Tensor:
        """One value for each replica ``(R,)`` as one for each trained number ``(P,)``."""
        return torch.cat([values.repeat_interleave(place.numel() // len(values)) for _, place in self._places])

    @property
    def buffers(self) -> list[Tensor]:
        """The tensors of `tree` that are not trained."""
        return [leaf for path, leaf in leaves(self.tree) if path not in self.trained]  # type: ignore[misc]

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Overwrites the parameters and buffers of the only replica, by dotted name."""
        for path, leaf in leaves(self.tree):
            leaf.copy_(weights[".".join(path)])  # type: ignore[union-attr]

    def weights(self, replica: int) -> dict[str, Tensor]:
        """A copy of one replica's parameters and buffers, by dotted name."""
        return {
            ".".join(path): (leaf[replica] if self.replica_axis else leaf).clone()  # type: ignore[index,union-attr]
            for path, leaf in leaves(self.tree)
        }


def rebuild(tree: Params, tensors: Mapping[Path, Tensor], path: Path = ()) -> Params:
    """A tree of the same form as `tree`, empty branches included, with the given tensors as its leaves."""
    return {
        name: rebuild(value, tensors, (*path, name)) if isinstance(value, dict) else tensors[*path, name]
        for name, value in tree.items()
    }


def _at(tree: Params, path: Path) -> Any:
    for name in path:
        tree = tree[name]
    return tree
