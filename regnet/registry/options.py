"""The options of a component, read from its constructor, which is its config schema: names, types and allowed values."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from regnet.contracts import KINDS, PER_REPLICA


@dataclass(frozen=True)
class Option:
    """One parameter of a component's constructor."""

    name: str
    annotation: Any
    """The annotated type, with its ranges."""
    default: Any
    """The default value, or `inspect.Parameter.empty` if there is none."""

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def per_replica(self) -> bool:
        """Whether the replicas of one lockstep program may differ in it."""
        return any(mark == PER_REPLICA for mark in getattr(self.annotation, "__metadata__", ()))

    @property
    def bounds(self) -> set[float]:
        """The bounds that a number may have, such as 0 and 1 for a share."""
        marks = getattr(self.annotation, "__metadata__", ())
        found = (getattr(mark, key, None) for mark in marks for key in ("ge", "le"))
        return {bound for bound in found if bound is not None}

    @property
    def type_text(self) -> str:
        """The type as text, with its range: ``float > 0``, ``'sum' | 'mean'``, ``initializer``."""
        return _type_text(self.annotation)

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
        return type(None) in typing.get_args(_bare(self.annotation))

    @property
    def _present(self) -> Any:
        """The annotation without its ranges, and without None if there is only one other alternative."""
        bare = _bare(self.annotation)
        alternatives = [part for part in typing.get_args(bare) if part is not type(None)]
        return _bare(alternatives[0]) if self.takes_none and len(alternatives) == 1 else bare

    def check(self, value: Any) -> Any:
        """The value converted to the annotated type, for a plain option.

        Raises:
            ValueError: the value has a wrong type or is out of range; the message says what is wrong.
        """
        try:
            converted = _adapter(self.annotation).validate_python(value)
        except ValidationError as error:
            raise ValueError(_explain(error)) from None
        if _is_truth_for_number(value, converted):
            raise ValueError(f"takes {self.type_text}, and true and false are not numbers")
        return converted


def _is_truth_for_number(value: Any, converted: Any) -> bool:
    """Whether true or false became 1 or 0, in a list, too."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(map(_is_truth_for_number, value, converted))
    return isinstance(value, bool) and not isinstance(converted, bool)


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return _cached_adapter(annotation)
    except TypeError:  # the annotation contains something unhashable, such as a list
        return TypeAdapter(annotation)


@cache
def _cached_adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def options_of(component: type) -> Mapping[str, Option]:
    """The options of a component class, by name, read from its constructor's signature.

    Raises:
        TypeError: a parameter has no readable annotation, a default that no config can state, or the name `name`; or there are
            ``*args`` or ``**kwargs``.
    """
    return _cached_options(component)


def _hints(component: Any) -> dict[str, Any]:
    """The types of the constructor's parameters; those that a dataclass inherits are read in the modules of their classes."""
    try:
        return typing.get_type_hints(component.__init__, include_extras=True)
    except NameError:
        if not dataclasses.is_dataclass(component):
            raise
        return typing.get_type_hints(component, include_extras=True)


@cache
def _cached_options(component: Any) -> Mapping[str, Option]:
    parameters = list(inspect.signature(component.__init__).parameters.values())[1:]
    if component.__init__ is object.__init__:
        return MappingProxyType({})
    try:
        hints = _hints(component)
    except NameError as error:
        raise TypeError(f"the type of an option of {component.__name__} cannot be read: {error}") from error
    options: dict[str, Option] = {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{component.__name__} takes {parameter}: options must be named one by one")
        if parameter.name not in hints:
            raise TypeError(f"{component.__name__} does not annotate its option {parameter.name!r} with a type")
        if parameter.name == "name":
            raise TypeError(f"{component.__name__} has an option called 'name', which is how configs call the component itself")
        options[parameter.name] = Option(parameter.name, hints[parameter.name], _default(component, parameter))
    return MappingProxyType(options)


def summary(component: type) -> str:
    """The first line of a component's docstring."""
    return (inspect.getdoc(component) or "").partition("\n")[0].removesuffix("::")


def values_of(component: object) -> Mapping[str, Any]:
    """A component's options and their values, which its constructor keeps as attributes of the same names."""
    return {name: getattr(component, name) for name in options_of(type(component))}


def _bare(annotation: Any) -> Any:
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation


def _default(component: type, parameter: inspect.Parameter) -> Any:
    """A parameter's default, or what a dataclass field's default factory returns."""
    fields = {field.name: field for field in dataclasses.fields(component)} if dataclasses.is_dataclass(component) else {}
    field = fields.get(parameter.name)
    if field is not None and field.default_factory is not dataclasses.MISSING:
        default: Any = field.default_factory()
    else:
        default = parameter.default
    if default is not inspect.Parameter.empty and not _stateable(default):
        raise TypeError(f"{component.__name__} has the default {default!r} for {parameter.name!r}, which no config can state")
    return default


def _stateable(value: Any) -> bool:
    """Whether a config can state the value: a number, a string, a boolean, None, a component, or a list of these."""
    if isinstance(value, (list, tuple)):
        return all(map(_stateable, value))
    return value is None or isinstance(value, (bool, int, float, str, *KINDS.values()))


def _explain(error: ValidationError) -> str:
    """What the value should be, with all alternatives."""
    messages = []
    for problem in error.errors():
        index = "".join(f"[{part}]" for part in problem["loc"] if isinstance(part, int))
        message = problem["msg"].replace("Input should", "should", 1)
        if problem["type"] == "list_type" and isinstance(problem["input"], int | float):
            message = f"should be a list, such as [{problem['input']}]"
        messages.append(f"{index} {message}".strip())
    return ", or ".join(dict.fromkeys(messages))


def _type_text(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    for kind, contract in KINDS.items():
        if annotation is contract:
            return kind
    if origin is typing.Annotated:
        return " ".join([_type_text(arguments[0]), *filter(None, map(_range_text, arguments[1:]))])
    if origin is typing.Literal:
        return " | ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_type_text, arguments))
    if origin in (Sequence, list, tuple):
        return f"list of {_type_text(arguments[0])}"
    return "none" if annotation is type(None) else getattr(annotation, "__name__", str(annotation))


def _range_text(mark: Any) -> str:
    """A bound of the annotated-types package as a comparison: ``> 0``, ``>= 0 < 1``."""
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [f"{sign} {getattr(mark, key)}" for key, sign in signs.items() if getattr(mark, key, None) is not None]
    return " ".join(bounds)
