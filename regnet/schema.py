"""A component's constructor is its config schema: what options it takes, of which types, and which values are allowed."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from regnet.contracts import KINDS, PER_REPLICA


@dataclass(frozen=True)
class Option:
    """One parameter of a component's constructor."""

    name: str
    annotation: Any
    """The type as annotated, with its ranges."""
    default: Any
    """The default value, or `inspect.Parameter.empty` where there is none."""

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def per_replica(self) -> bool:
        """Whether the replicas of one lockstep program may differ in it."""
        return any(mark == PER_REPLICA for mark in getattr(self.annotation, "__metadata__", ()))

    @property
    def nested_kind(self) -> str | None:
        """The kind of component that the option takes, or takes a list of; None for a plain value."""
        inner = typing.get_args(self._present)[0] if self.takes_list else self._present
        for kind, contract in KINDS.items():
            if isinstance(inner, type) and issubclass(inner, contract):
                return kind
        return None

    @property
    def takes_list(self) -> bool:
        return typing.get_origin(self._present) in (Sequence, list, tuple)

    @property
    def takes_none(self) -> bool:
        return type(None) in typing.get_args(self.annotation)

    @property
    def _present(self) -> Any:
        """The annotation, less None where that is its only alternative."""
        others = [part for part in typing.get_args(self.annotation) if part is not type(None)]
        return others[0] if self.takes_none and len(others) == 1 else self.annotation

    def check(self, value: Any) -> Any:
        """The value as the annotated type, for a plain option.

        Raises:
            ValueError: it is of another type or out of range; says what is wrong.
        """
        try:
            return TypeAdapter(self.annotation).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = "".join(f"[{part}]" for part in first["loc"])
            message = first["msg"].replace("Input should", "should", 1)
            raise ValueError(f"{place}{' ' if place else ''}{message}") from None


def options_of(component: type) -> dict[str, Option]:
    """The options of a component class, by name, read from its constructor's signature.

    Raises:
        TypeError: a parameter has no annotation, or there are ``*args`` or ``**kwargs``.
    """
    parameters = list(inspect.signature(component.__init__).parameters.values())[1:]  # type: ignore[misc]
    if component.__init__ is object.__init__:  # type: ignore[misc]
        return {}
    hints = typing.get_type_hints(component.__init__, include_extras=True)  # type: ignore[misc]
    options = {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{component.__name__} takes {parameter}: options must be named one by one")
        if parameter.name not in hints:
            raise TypeError(f"{component.__name__} does not annotate its option {parameter.name!r} with a type")
        options[parameter.name] = Option(parameter.name, hints[parameter.name], parameter.default)
    return options


def summary(component: type) -> str:
    """The first line of a component's docstring."""
    return (inspect.getdoc(component) or "").partition("\n")[0]


def values_of(component: object) -> Mapping[str, Any]:
    """A component's options and their values, which its constructor keeps under their own names."""
    return {name: getattr(component, name) for name in options_of(type(component))}
