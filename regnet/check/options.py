"""A component's options: they must survive the way through a config, and those marked may differ between replicas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import Finding, Place, Property, Skip, Violation
from regnet.check.running import calling
from regnet.check.subject import Subject
from regnet.contracts import KINDS
from regnet.errors import UnknownComponent
from regnet.registry.options import Option, options_of, values_of

REPLICA_SHARES = (1.0, 0.5, 0.25, 0.1)
"""What replicas have of an option's value, one after the other."""
SPARE_VALUES = (0.7, 0.3, 0.9, 0.5, 2.0, 1.5, 3, 5, 2, 7)
"""Taken where the option's own value is none or next to none, or where a share of it is out of range."""


def check_round_trip(subject: Subject, component: Any) -> Iterator[Finding]:
    """From the object to the config that describes it and back: the same options with the same values."""
    before = option_values(component)
    described = _described(subject, component)
    if described is None:
        again = with_options(component, {})
    else:
        try:
            written = json.loads(json.dumps(described))
        except TypeError as error:
            cause = "options are numbers, words, switches, components, or lists of these: what a config can write"
            yield Place(Property.ROUND_TRIP, "options").finding("plain values", f"{described!r} ({error})", cause)
            return
        with calling("build from its own config", "the constructor changes an option so that its annotation no longer admits it"):
            options = options_of(type(component))
            again = subject.catalog.construct(type(component), options, written, whose=subject.name, where=subject.name)
    after = option_values(again)
    for name, value in before.items():
        if not same_value(value, after[name]):
            cause = "the constructor changes what it is given: keep each option as it is, and derive from it elsewhere"
            yield Place(Property.ROUND_TRIP, f"option {name}").finding(repr(value), repr(after[name]), cause)


def _described(subject: Subject, component: Any) -> dict[str, Any] | None:
    """The options as a config writes them; None where the component, or one within it, is not registered under any name."""
    try:
        return {name: value for name, value in subject.catalog.describe(component).items() if name != "name"}
    except UnknownComponent:
        return None


def option_values(component: Any) -> Mapping[str, Any]:
    """The options and their values.

    Raises:
        Violation: an option is not kept under its own name.
    """
    try:
        return values_of(component)
    except AttributeError as error:
        name = str(error.name)
        cause = "the constructor does not keep its option under its own name, so no config can describe the component"
        raise Violation(f"option {name}", f"self.{name}", "no such attribute", cause) from error


def with_options(component: Any, changes: Mapping[str, Any]) -> Any:
    """Another component with some options changed, by its constructor alone."""
    values = {**option_values(component), **changes}
    cause = "the constructor refuses the values that it has kept"
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
    """Different values that the option admits, around the one it has.

    Raises:
        Skip: there are not that many.
    """
    sizeable = isinstance(value, (int, float)) and abs(value) > 1e-4
    wanted = [*(share * value for share in REPLICA_SHARES if sizeable), *SPARE_VALUES]
    admitted: dict[float, None] = {}
    for one in wanted:
        try:
            admitted[option.check(one)] = None
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
        """What is most likely wrong if both differ."""
        return f"{self}, marked PER_REPLICA, may be tensors with a value for each replica: write what works for both"


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
    """One value for each replica, to broadcast against a tensor of that many axes with the replicas in front."""
    return torch.tensor(values, dtype=torch.float64).view(-1, *[1] * (dims - 1))


def same_value(one: Any, other: Any) -> bool:
    """Whether two options, or attributes, are equal; components by their options, since they need not define equality."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and torch.equal(one, other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, tuple(KINDS.values())):
        if type(one) is not type(other):
            return False
        mine, theirs = values_of(one), values_of(other)
        return all(same_value(mine[name], theirs[name]) for name in mine)
    return type(one) is type(other) and bool(one == other)
