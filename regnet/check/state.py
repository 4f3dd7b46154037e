"""Check that a component keeps nothing on `self` except its options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from regnet.check.finding import Finding, Property, kind_of
from regnet.contracts import KINDS

CAUSE = "a call stores state on self, so calls and replicas would affect each other; {instead}"


@dataclass(frozen=True)
class Snapshot:
    """A component, with copies of its attributes as they were after construction."""

    component: Any
    new: Mapping[str, Any]
    """The copies by dotted name, including the attributes of components among the options."""

    @classmethod
    def of(cls, component: Any) -> Snapshot:
        return cls(component, {name: deepcopy(value) for name, value in _attributes(component)})

    def changes(self, instead: str) -> Iterator[Finding]:
        """A finding for each attribute that was added, removed or changed; `instead` says where such state belongs."""
        now = dict(_attributes(self.component))
        for name in dict.fromkeys([*self.new, *now]):
            if name not in self.new or name not in now or not _same(self.new[name], now[name]):
                was = kind_of(self.new[name]) if name in self.new else "no such attribute"
                got = _description(self.new.get(name), now[name]) if name in now else "no such attribute"
                yield Finding(Property.STATELESS, f"self.{name}", was, got, CAUSE.format(instead=instead))


def _attributes(component: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Attributes with their names; values of `functools.cached_property` are left out unless they hold tensors."""
    for name, value in vars(component).items() if hasattr(component, "__dict__") else ():
        if isinstance(getattr(type(component), name, None), cached_property) and not _holds_tensor(value):
            continue
        inner = value if isinstance(value, (list, tuple)) else [value]
        if inner and all(isinstance(item, tuple(KINDS.values())) for item in inner):
            for index, item in enumerate(inner):
                yield from _attributes(item, f"{path}{name}[{index}]." if inner is value else f"{path}{name}.")
        else:
            yield path + name, value


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple, set)) and any(map(_holds_tensor, value)))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and bool((a == b).all())
    if type(a) is not type(b):
        return False
    if getattr(type(a), "__eq__", None) is getattr(object, "__eq__", None):
        return True  # without __eq__, a copy never equals its original
    return bool(a == b)


def _description(before: Any, now: Any) -> str:
    """The attribute's new type, or its new value if the type is unchanged."""
    return repr(now)[:80] if kind_of(before) == kind_of(now) else kind_of(now)
