"""The plan: where everything that a recorded step makes is kept, and what need not be done at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.engines.recording.recorder import Call, Storage, storage_of


def needed(calls: Sequence[Call]) -> list[Call]:
    """The calls on which anything depends that outlives the step."""
    temporary = {storage_of(tensor) for call in calls for tensor in call.made}
    read: set[Storage] = set()
    found: list[Call] = []
    for call in reversed(calls):
        changed = {storage_of(tensor) for tensor in (*call.made, *call.written)}
        if call.draws or changed - temporary or changed & read:
            found.append(call)
            read |= {storage_of(tensor) for tensor in call.read}
    return found[::-1]


@dataclass(frozen=True)
class Place:
    """Where a tensor that the step makes is kept: in some memory, from an offset on."""

    memory: Tensor
    offset: int = 0

    def view(self, tensor: Tensor) -> Tensor:
        """The place, seen as the step saw `tensor` or a view of it."""
        return self.memory.as_strided(tensor.shape, tensor.stride(), self.offset + tensor.storage_offset())


class Plan:
    """A place for everything that the step makes, in as little memory as will do: what is small stays in the processor's cache.

    What ends up as a gradient is made where the gradient belongs, and its copying is left out. A pointwise result takes the
    place of an argument that nobody reads any more; anything else takes a place that has become free, or a new one.
    """

    def __init__(self, calls: Sequence[Call], gradients: Tensor) -> None:
        """Takes the calls in order, and the flat tensor that gradients are copied into."""
        self._places: dict[Storage, Place] = {}
        """By the storage that the step used when it was recorded."""
        self.calls: list[Call] = self._deliver(calls, gradients)
        """The calls that are left."""
        self._delivered = frozenset(self._places)
        self._last = {
            storage_of(tensor): index for index, call in enumerate(self.calls) for tensor in (*call.made, *call.written, *call.read)
        }
        self._free: dict[tuple[int, torch.dtype], list[Place]] = {}
        for index, call in enumerate(self.calls):
            self._place(index, call)

    def view(self, value: Any) -> Any:
        """An argument with every tensor replaced by the one that takes its part; tensors that the step does not make stay."""
        if isinstance(value, Tensor):
            place = self._places.get(storage_of(value))
            return place.view(value) if place else value
        if isinstance(value, (list, tuple)):
            return type(value)(self.view(item) for item in value)
        if isinstance(value, dict):
            return {key: self.view(item) for key, item in value.items()}
        return value

    def _deliver(self, calls: Sequence[Call], gradients: Tensor) -> list[Call]:
        made = {storage_of(tensor) for call in calls for tensor in call.made}
        left = []
        for call in calls:
            if call.name == "copy_" and storage_of(call.args[0]) == storage_of(gradients):
                target, source = call.args[:2]
                storage = storage_of(source)
                if storage in made and storage not in self._places and same_layout(source, target) and _whole(source):
                    self._places[storage] = Place(gradients, target.storage_offset())
                    continue
            left.append(call)
        return left

    def _place(self, index: int, call: Call) -> None:
        ending = {storage: tensor for tensor in call.read if self._ends(storage := storage_of(tensor), index)}
        for tensor in call.made:
            storage = storage_of(tensor)
            if storage in self._places:
                continue
            replaced = _argument_to_replace(call, tensor, ending)
            if replaced is not None:
                self._places[storage] = self._places[replaced]
                del ending[replaced]
            else:
                self._places[storage] = self._take(tensor)
        for storage in ending:
            place = self._places[storage]
            self._free.setdefault((place.memory.numel(), place.memory.dtype), []).append(place)

    def _ends(self, storage: Storage, index: int) -> bool:
        return storage in self._places and storage not in self._delivered and self._last[storage] == index

    def _take(self, tensor: Tensor) -> Place:
        size = tensor.untyped_storage().nbytes() // tensor.element_size()
        spare = self._free.get((size, tensor.dtype))
        return spare.pop() if spare else Place(torch.empty(size, dtype=tensor.dtype, device=tensor.device))


def same_layout(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape, strides and type."""
    return (one.shape, one.stride(), one.dtype) == (other.shape, other.stride(), other.dtype)


def _argument_to_replace(call: Call, result: Tensor, ending: Mapping[Storage, Tensor]) -> Storage | None:
    """Of the arguments that are read for the last time, one whose place the result can take, number by number."""
    if not call.pointwise or len(call.made) != 1:
        return None
    views = Counter(storage_of(tensor) for tensor in {id(tensor): tensor for tensor in call.read}.values())
    for storage, argument in ending.items():
        if same_layout(argument, result) and _whole(argument) and views[storage] == 1:
            return storage
    return None


def _whole(tensor: Tensor) -> bool:
    """Whether the tensor is all that its storage holds."""
    return tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size() > 0
