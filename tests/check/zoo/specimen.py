"""A zoo of wrong components, each wrong in exactly one way, with what the check has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from torch import Tensor

from regnet.check import Property
from regnet.contracts import Params

C = TypeVar("C", bound=type)

Passed: TypeAlias = tuple[Tensor, Any]
Back: TypeAlias = tuple[Tensor, Params]

GRADIENT = Property.AUTOGRAD
INPUT = "gradient of the input"
WEIGHT = "gradient of weight"
BIAS = "gradient of bias"
PREDICTION = "gradient of the prediction"


@dataclass(frozen=True)
class Specimen:
    """A wrong component and what must be found: which property first, where, and words of the cause."""

    component: type
    property: Property
    name: str
    index: tuple[int, ...] | None
    words: str
    during: str
    only: bool
    """Whether no other property may fail: a wrong gradient is wrong against everything it is compared with."""


ZOO: list[Specimen] = []
"""Filled by the modules of this package: the right components that the wrong ones are made of stand in them as well."""


def wrong(
    concerned: Property, name: str, words: str, *, index: tuple[int, ...] | None = None, during: str = "", only: bool = True
) -> Callable[[C], C]:
    """Puts a class into the zoo."""

    def add(component: C) -> C:
        ZOO.append(Specimen(component, concerned, name, index, words, during, only))
        return component

    return add
