"""What a component keeps on itself: its options, and nothing that a call leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from regnet.check.finding import Finding, Property, kind_of
from regnet.contracts import KINDS

CAUSE = "keeps something on self that a call leaves behind: calls and replicas would get in each other's way; {instead}"


@dataclass(frozen=True)
class Made:
    """A component, with copies of its attributes as they were when it was new."""

    component: Any
    new: Mapping[str, Any]
    """By dotted name, those of components among its options included."""

    @classmethod
    def of(cls, component: Any) -> Made:
        return cls(component, {name: deepcopy(value) for name, value in _attributes(component)})

    def changes(self, instead: str) -> Iterator[Finding]:
        """A finding for each attribute that has come, gone or changed since; `instead` says where such things belong."""
        now = dict(_attributes(self.component))
        for name in dict.fromkeys([*self.new, *now]):
            if name not in self.new or name not in now or not _same(self.new[name], now[name]):
                was = kind_of(self.new[name]) if name in self.new else "no such attribute"
                told = _told(self.new.get(name), now[name]) if name in now else "no such attribute"
                yield Finding(Property.STATELESS, f"self.{name}", was, told, CAUSE.format(instead=instead))


def _attributes(component: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Attributes with their names, without what `functools.cached_property` has derived from options, unless it is tensors."""
    for name, value in vars(component).items() if hasattr(component, "__dict__") else ():
        if isinstance(getattr(type(component), name, None), cached_property) and not _holds_tensor(value):
            continue
        inner = value if isinstance(value, (list, tuple)) else [value]
        if inner and all(isinstance(item, tuple(KINDS.values())) for item in inner):
            for place, item in enumerate(inner):
                yield from _attributes(item, f"{path}{name}[{place}]." if inner is value else f"{path}{name}.")
        else:
            yield path + name, value


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple, set)) and any(map(_holds_tensor, value)))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return isinstance(one, Tensor) and isinstance(other, Tensor) and one.shape == other.shape and bool((one == other).all())
    if type(one) is not type(other):
        return False
    if getattr(type(one), "__eq__", None) is getattr(object, "__eq__", None):
        return True  # a copy of an object that defines no equality never equals what it was copied from
    return bool(one == other)


def _told(before: Any, now: Any) -> str:
    """What an attribute has become; its value where its type alone would say nothing new."""
    return repr(now)[:80] if kind_of(before) == kind_of(now) else kind_of(now)
