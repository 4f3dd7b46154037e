"""The plan: allocate memory for the results of a recorded step, and drop the calls that are not needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.engines.recording.recorder import Call, Storage, storage_of


def needed(calls: Sequence[Call]) -> list[Call]:
    """The calls that affect something that outlives the step."""
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
class Slot:
    """The memory of a tensor that the step makes: a flat tensor and an offset."""

    memory: Tensor
    offset: int = 0

    def view(self, tensor: Tensor) -> Tensor:
        """The slot with the shape and strides of `tensor`, which the step made, or of a view of it."""
        return self.memory.as_strided(tensor.shape, tensor.stride(), self.offset + tensor.storage_offset())


class Plan:
    """A slot for every tensor that the step makes, in as little memory as possible, so that it fits in the processor's cache.

    A tensor that becomes a gradient is computed directly in the parameter store, and the copy is dropped. A pointwise result
    reuses the slot of an argument that is not read again; any other takes a slot that is free, or a new one.
    """

    def __init__(self, calls: Sequence[Call], gradients: Tensor) -> None:
        """Plan the calls, in order; `gradients` is the flat tensor that gradients are copied into."""
        self._slots: dict[Storage, Slot] = {}
        """By the storage that the step used when it was recorded."""
        self.calls: list[Call] = self._without_copies(calls, gradients)
        """The remaining calls."""
        self._of_gradients = frozenset(self._slots)
        self._last = {
            storage_of(tensor): index for index, call in enumerate(self.calls) for tensor in (*call.made, *call.written, *call.read)
        }
        self._free: dict[tuple[int, torch.dtype], list[Slot]] = {}
        for index, call in enumerate(self.calls):
            self._allocate(index, call)

    def view(self, value: Any) -> Any:
        """An argument with every tensor that the step makes replaced by a view of its slot; other tensors stay."""
        if isinstance(value, Tensor):
            slot = self._slots.get(storage_of(value))
            return slot.view(value) if slot else value
        if isinstance(value, (list, tuple)):
            return type(value)(self.view(item) for item in value)
        if isinstance(value, dict):
            return {key: self.view(item) for key, item in value.items()}
        return value

    def _without_copies(self, calls: Sequence[Call], gradients: Tensor) -> list[Call]:
        """The calls without the copies of gradients, whose sources get slots in `gradients` instead."""
        made = {storage_of(tensor) for call in calls for tensor in call.made}
        left = []
        for call in calls:
            if call.name == "copy_" and storage_of(call.args[0]) == storage_of(gradients):
                target, source = call.args[:2]
                storage = storage_of(source)
                if storage in made and storage not in self._slots and same_layout(source, target) and _whole(source):
                    self._slots[storage] = Slot(gradients, target.storage_offset())
                    continue
            left.append(call)
        return left

    def _allocate(self, index: int, call: Call) -> None:
        """Assign a slot to each tensor that the call makes, and free the slots that are not used after it."""
        released = {storage: tensor for tensor in call.read if self._is_last_use(storage := storage_of(tensor), index)}
        for tensor in call.made:
            storage = storage_of(tensor)
            if storage in self._slots:
                continue
            replaced = _argument_to_replace(call, tensor, released)
            if replaced is not None:
                self._slots[storage] = self._slots[replaced]
                del released[replaced]
            else:
                self._slots[storage] = self._take(tensor)
        for storage in released:
            slot = self._slots[storage]
            self._free.setdefault((slot.memory.numel(), slot.memory.dtype), []).append(slot)

    def _is_last_use(self, storage: Storage, index: int) -> bool:
        return storage in self._slots and storage not in self._of_gradients and self._last[storage] == index

    def _take(self, tensor: Tensor) -> Slot:
        size = tensor.untyped_storage().nbytes() // tensor.element_size()
        spare = self._free.get((size, tensor.dtype))
        return spare.pop() if spare else Slot(torch.empty(size, dtype=tensor.dtype, device=tensor.device))


def same_layout(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same shape, strides and type."""
    return (a.shape, a.stride(), a.dtype) == (b.shape, b.stride(), b.dtype)


def _argument_to_replace(call: Call, result: Tensor, released: Mapping[Storage, Tensor]) -> Storage | None:
    """An argument, among those that are read for the last time, whose slot the result can overwrite element by element."""
    if not call.pointwise or len(call.made) != 1:
        return None
    views = Counter(storage_of(tensor) for tensor in {id(tensor): tensor for tensor in call.read}.values())
    for storage, argument in released.items():
        if same_layout(argument, result) and _whole(argument) and views[storage] == 1:
            return storage
    return None


def _whole(tensor: Tensor) -> bool:
    """Whether the tensor covers its whole storage."""
    return tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size() > 0
