"""The properties that are checked, the findings where one does not hold, and the exceptions that stop a check."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import torch
from torch import Tensor

Index: TypeAlias = tuple[int, ...]


class Property(StrEnum):
    """Everything that is checked; the value is its name in reports. Which properties apply depends on the component's kind."""

    CONSTRUCTION = "construction"
    ROUND_TRIP = "options survive a config"
    SHAPES = "shapes"
    DOUBLE = "double precision"
    SINGLE = "single precision"
    DETERMINISM = "the same seed gives the same numbers"
    INDEPENDENCE = "different seeds give different numbers"
    PURITY = "arguments are not changed"
    STATELESS = "no state on self"
    COUNTERPART = "agreement with PyTorch"

    AUTOGRAD = "gradient against autograd"
    DIFFERENCES = "gradient against central differences"
    REPLICA_SHAPES = "shapes with a replica axis"
    REPLICAS = "replicas do not affect each other"
    REPLICA_OPTIONS = "replicas may differ in marked options"
    ONE_EXAMPLE = "a batch of one"
    EMPTY = "an empty batch"
    NAN = "NaN propagates"

    HALF = "gradients() agrees with backward()"
    PREDICTING = "prediction is not random"

    CODINGS = "declared codings are accepted"
    RANGE = "large predictions do not cancel"

    IN_PLACE = "parameters are written in place"
    STATE = "the state is tensors"
    ELEMENTWISE = "updates are elementwise"
    DESCENT = "steps go downhill"

    FINITE = "all numbers are finite"
    CLASSES = "class numbers"
    VARIATION = "variation is correct"
    DISJOINT = "no example is in both splits"

    MOMENTS = "mean and deviation"

    DESCRIPTION = "description of its values"
    BOUNDS = "values are within its bounds"
    DIRECTION = "right predictions are better than random ones"
    ORDER = "the order of examples does not matter"
    UNDEFINED = "undefined values are NaN"

    PROBABILITIES = "probabilities of classes"


@dataclass(frozen=True)
class Finding:
    """One way in which a component breaks its contract."""

    property: Property
    name: str
    """What is wrong: ``gradient of weight``, ``output``, ``forward()``."""
    expected: str
    got: str
    cause: str
    """The likeliest cause, in words."""
    index: Index | None = None
    """The first wrong index of the tensor, if there is one."""
    during: str = ""
    """The situation, where there are several: ``training``, ``replica axis``, ``coding index``."""
    extent: str = ""
    """How much of the tensor is wrong: ``12 of 35 numbers``."""

    @builtins.property  # the field of this name hides the built-in
    def where(self) -> str:
        """The location in words: ``gradient of weight[0, 2], training, 12 of 35 numbers``."""
        index = str(list(self.index)) if self.index else ""
        return ", ".join(filter(None, [self.name + index, self.during, self.extent]))

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain values, for JSON."""
        return asdict(self) | {"property": self.property.value, "where": self.where}


@dataclass(frozen=True)
class Location:
    """What is checked: the property, the name of the checked result, and the situation."""

    property: Property
    name: str
    during: str = ""

    def finding(self, expected: str, got: str, cause: str, index: Index | None = None, extent: str = "") -> Finding:
        """A finding at this location."""
        return Finding(self.property, self.name, expected, got, cause, index, self.during, extent)

    def shape_finding(self, expected: Sequence[int], got: Tensor, cause: str) -> Finding:
        """A finding of a wrong shape at this location."""
        return self.finding(f"shape {tuple(expected)}", f"shape {tuple(got.shape)}", cause)


@dataclass(frozen=True)
class Situation:
    """A situation in which a component's code is called, and the likely cause of an error raised in it."""

    during: str = ""
    cause: str = "the contract asks for it to work here"


class Skip(Exception):
    """The check does not apply to the component; the message says why."""


class NeedsOption(Exception):
    """The component needs an option that cannot be guessed; the message says which."""


class Violation(Exception):
    """The component breaks its contract, so that the check of a property cannot continue."""

    def __init__(self, name: str, expected: str, got: str, cause: str, during: str = "") -> None:
        super().__init__(f"{name}: expected {expected}, got {got}")
        self.name, self.expected, self.got, self.cause, self.during = name, expected, got, cause, during

    def finding(self, concerned: Property) -> Finding:
        """The finding to report if the violation occurs while checking the property `concerned`."""
        return Finding(concerned, self.name, self.expected, self.got, self.cause, during=self.during)


def kind_of(value: object) -> str:
    """A description of an object's type for reports: ``a tensor of shape (5, 3)``, ``None``, ``float``."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return "None" if value is None else type(value).__name__


def type_name(dtype: torch.dtype) -> str:
    """The name of a tensor type without its module: ``float32``."""
    return str(dtype).removeprefix("torch.")
