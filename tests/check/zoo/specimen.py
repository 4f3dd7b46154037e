"""Wrong components, each with exactly one mistake, and the finding that the check must report."""

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
    """A wrong component and the expected first finding: the property, the location, and words of the cause."""

    component: type
    property: Property
    name: str
    index: tuple[int, ...] | None
    words: str
    during: str
    only: bool
    """Whether no other property may fail; a wrong gradient fails all comparisons."""


ZOO: list[Specimen] = []
"""Filled by the modules of this package, which also contain the correct components."""


def wrong(
    concerned: Property, name: str, words: str, *, index: tuple[int, ...] | None = None, during: str = "", only: bool = True
) -> Callable[[C], C]:
    """Class decorator that adds a wrong component to the zoo."""

    def add(component: C) -> C:
        ZOO.append(Specimen(component, concerned, name, index, words, during, only))
        return component

    return add
