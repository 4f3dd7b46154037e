"""The checks of a component's options: a config can store and restore them, and marked ones may differ between replicas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import Finding, Location, Property, Skip, Violation
from regnet.check.running import calling
from regnet.check.subject import Subject
from regnet.contracts import KINDS
from regnet.errors import UnknownComponent
from regnet.registry.options import Option, options_of, values_of

REPLICA_SHARES = (1.0, 0.5, 0.25, 0.1)
"""The factors by which the replicas' values of an option differ from its value."""
SPARE_VALUES = (0.7, 0.3, 0.9, 0.5, 2.0, 1.5, 3, 5, 2, 7)
"""Values to try where the option's value is close to zero, or a share of it is out of range."""


def check_round_trip(subject: Subject, component: Any) -> Iterator[Finding]:
    """A component that is built from the config of another has the same values of all options."""
    before = option_values(component)
    described = _described(subject, component)
    if described is None:
        again = with_options(component, {})
    else:
        try:
            written = json.loads(json.dumps(described))
        except TypeError as error:
            cause = "options must be numbers, texts, booleans, components, or lists of these, which a config can store"
            yield Location(Property.ROUND_TRIP, "options").finding("plain values", f"{described!r} ({error})", cause)
            return
        with calling(
            "construction from its own config", "the constructor changes an option to a value that its annotation does not admit"
        ):
            options = options_of(type(component))
            again = subject.catalog.construct(type(component), options, written, owner=subject.name, where=subject.name)
    after = option_values(again)
    for name, value in before.items():
        if not same_value(value, after[name]):
            cause = "the constructor changes an option: store each option unchanged, and derive other values elsewhere"
            yield Location(Property.ROUND_TRIP, f"option {name}").finding(repr(value), repr(after[name]), cause)


def _described(subject: Subject, component: Any) -> dict[str, Any] | None:
    """The options as a config; None if the component, or one of its parts, is not registered."""
    try:
        return {name: value for name, value in subject.catalog.describe(component).items() if name != "name"}
    except UnknownComponent:
        return None


def option_values(component: Any) -> Mapping[str, Any]:
    """The options and their values.

    Raises:
        Violation: an option is not kept under its name.
    """
    try:
        return values_of(component)
    except AttributeError as error:
        name = str(error.name)
        cause = "the constructor does not store an option under its name, so no config can describe the component"
        raise Violation(f"option {name}", f"self.{name}", "no such attribute", cause) from error


def with_options(component: Any, changes: Mapping[str, Any]) -> Any:
    """A new component with some options changed, made by the constructor."""
    values = {**option_values(component), **changes}
    cause = "the constructor rejects the values that it has stored"
    if any(isinstance(value, Tensor) for value in changes.values()):
        cause = "the constructor does not take a tensor for an option marked PER_REPLICA: do not compare or convert it there"
    with calling(type(component).__name__, cause):
        return type(component)(**values)


def replica_options(component: Any) -> list[Option]:
    """The options in which replicas may differ.

    Raises:
        Skip: there are none.
    """
    marked = [option for option in options_of(type(component)).values() if option.per_replica]
    if not marked:
        raise Skip("no option is marked PER_REPLICA")
    return marked


def replica_values(option: Option, value: Any, count: int = 4) -> list[float]:
    """`count` different values that the option admits, around `value`.

    Raises:
        Skip: the option admits too few of the values tried.
    """
    sizeable = isinstance(value, (int, float)) and abs(value) > 1e-4
    wanted = [*(share * value for share in REPLICA_SHARES if sizeable), *SPARE_VALUES]
    admitted: dict[float, None] = {}
    for candidate in wanted:
        try:
            admitted[option.check(candidate)] = None
        except ValueError:
            continue
    if len(admitted) < count:
        raise Skip(f"option {option.name} admits too few of the values tried")
    return list(admitted)[:count]


@dataclass(frozen=True)
class ReplicaCase:
    """A component whose replicas differ in some options, and the component that each replica would be alone."""

    names: tuple[str, ...]
    together: Any
    alone: list[Any]

    def __str__(self) -> str:
        return f"option {self.names[0]}" if len(self.names) == 1 else f"options {', '.join(self.names)} together"

    @property
    def cause(self) -> str:
        """The most likely cause if both differ."""
        return f"{self}, marked PER_REPLICA, may be tensors with a value for each replica: support numbers and tensors"


def replica_cases(component: Any, dims: int) -> Iterator[ReplicaCase]:
    """Each marked option by itself as a tensor of `dims` axes, and then all of them at once.

    Raises:
        Skip: no option is marked, or one admits too few values.
    """
    marked = replica_options(component)
    options = option_values(component)
    values = {option.name: replica_values(option, options[option.name]) for option in marked}
    for name, each in values.items():
        yield _replica_case(component, {name: each}, dims, _alone(component, {name: each}))
    if len(values) > 1:
        try:
            alone = _alone(component, values)
        except Violation:
            return  # values that are right one by one need not go together
        yield _replica_case(component, values, dims, alone)


def _alone(component: Any, values: Mapping[str, list[float]]) -> list[Any]:
    return [with_options(component, dict(zip(values, row, strict=True))) for row in zip(*values.values(), strict=True)]


def _replica_case(component: Any, values: Mapping[str, list[float]], dims: int, alone: list[Any]) -> ReplicaCase:
    together = with_options(component, {name: replica_tensor(each, dims) for name, each in values.items()})
    return ReplicaCase(tuple(values), together, alone)


def replica_tensor(values: list[float], dims: int) -> Tensor:
    """A value for each replica, ``(R, 1, ...)`` with `dims` axes, to broadcast against tensors with a leading replica axis."""
    return torch.tensor(values, dtype=torch.float64).view(-1, *[1] * (dims - 1))


def same_value(a: Any, b: Any) -> bool:
    """Whether two option values are equal; components are compared by their options, since they need not define equality."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same_value, a, b))
    if isinstance(a, tuple(KINDS.values())):
        if type(a) is not type(b):
            return False
        a_options, b_options = values_of(a), values_of(b)
        return all(same_value(a_options[name], b_options[name]) for name in a_options)
    return type(a) is type(b) and bool(a == b)
