"""The parameter store: all trained numbers of all replicas in one flat tensor, so that an optimizer's step takes a few calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from regnet.contracts import Buffer, Params
from regnet.errors import ShapeError

Path: TypeAlias = tuple[str, ...]
"""The path of a tensor in a tree of parameters: ``("0", "weight")``, written ``0.weight``."""


def leaves(tree: Params, path: Path = ()) -> Iterator[tuple[Path, Tensor | Buffer]]:
    """Every tensor of a tree, with its path, depth first."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


class ParameterStore:
    """The parameters of one network, for one replica or for many.

    The stack ``(R, ...)`` of each parameter is contiguous in `values`, one parameter after another. So layers use contiguous
    tensors, which makes batched products fast, and an optimizer uses a single tensor.
    """

    def __init__(self, replicas: Sequence[Params], *, replica_axis: bool, dtype: torch.dtype, device: torch.device) -> None:
        """Store the parameters that `Layer.init` returned for each replica; without a replica axis, for the only one."""
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
        views = [part.view(stacked[path].shape) for path, part in zip(self.trained, self.gradients.split(sizes), strict=True)]
        self._gradient_views = list(zip(self.trained, views, strict=True))
        for path, part in zip(self.trained, self.values.split(sizes), strict=True):
            stacked[path] = part.view(stacked[path].shape)
        self.tree: Params = rebuild(replicas[0], stacked)
        """The tree that is passed to layers: views into `values`, and the buffers."""
        self.replica_axis = replica_axis

    def collect(self, gradients: Params) -> None:
        """Copy the gradients that a network's `backward` returned into `gradients`."""
        for path, view in self._gradient_views:  # `_at` is inlined, since this runs at every training step
            leaf: Any = gradients
            for name in path:
                leaf = leaf[name]
            view.copy_(leaf)

    def check(self, gradients: Params, network: str = "the network") -> None:
        """Compare the gradients' names and shapes with those of the parameters.

        Raises:
            ShapeError: a gradient is missing, or its shape differs from its parameter's; the message says which.
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
        """Repeat a value for each replica ``(R,)`` to a value for each trained number ``(P,)``."""
        return torch.cat([values.repeat_interleave(view.numel() // len(values)) for _, view in self._gradient_views])

    @property
    def buffers(self) -> list[Tensor]:
        """The tensors of `tree` that are not trained."""
        return [leaf for path, leaf in leaves(self.tree) if path not in self.trained]  # type: ignore[misc]

    def state(self) -> dict[str, Any]:
        """The parameters and buffers of all replicas: see `load_state`."""
        return {"values": self.values, "buffers": self.buffers}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Overwrite the parameters and buffers of all replicas."""
        overwrite([self.values, *self.buffers], [state["values"], *state["buffers"]])

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Overwrite the parameters and buffers of the only replica, given by dotted name."""
        for path, leaf in leaves(self.tree):
            leaf.copy_(weights[".".join(path)])  # type: ignore[union-attr]

    def weights(self, replica: int) -> dict[str, Tensor]:
        """A copy of one replica's parameters and buffers, by dotted name."""
        return {
            ".".join(path): (leaf[replica] if self.replica_axis else leaf).clone()  # type: ignore[index,union-attr]
            for path, leaf in leaves(self.tree)
        }


def overwrite(tensors: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    """Copy values into tensors of the same shapes.

    Raises:
        ValueError: the numbers or the shapes of the tensors differ.
    """
    for tensor, value in zip(tensors, values, strict=True):
        if tensor.shape != value.shape:
            raise ValueError(f"a tensor has shape {tuple(value.shape)}, expected {tuple(tensor.shape)}")
        tensor.copy_(value)


def rebuild(tree: Params, tensors: Mapping[Path, Tensor], path: Path = ()) -> Params:
    """A tree of the same structure as `tree`, including empty branches, with the given tensors as its leaves."""
    return {
        name: rebuild(value, tensors, (*path, name)) if isinstance(value, dict) else tensors[*path, name]
        for name, value in tree.items()
    }


def _at(tree: Params, path: Path) -> Any:
    for name in path:
        tree = tree[name]
    return tree
