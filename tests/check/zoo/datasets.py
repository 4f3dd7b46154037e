"""Wrong data sets, and the correct one that they are derived from."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import torch

from regnet.check import Property
from regnet.contracts import (
    Dataset,
    Split,
    Splits,
)
from tests.check.zoo.specimen import wrong


@dataclass(frozen=True)
class Points(Dataset):
    """Correct: the base of wrong components."""

    variation = "draws"

    def load(self, generator: torch.Generator) -> Splits:
        return Splits(self.draw(50, generator), self.draw(30, generator), classes=2)

    def draw(self, size: int, generator: torch.Generator) -> Split:
        x = torch.rand(size, 2, generator=generator)
        return Split(x, (x[:, 0] > 0.5).long())


@wrong(Property.CONSTRUCTION, "recommended", "only settings that are auto by default can be recommended")
class RecommendsAnother(Points):
    recommended = MappingProxyType({"loss": "mse", "dtype": "float64"})


@wrong(Property.CONSTRUCTION, "recommended", "recommended is a mapping of settings")
class RecommendsNoMapping(Points):
    recommended = ("loss", "mse")  # type: ignore[assignment]


@wrong(Property.DISJOINT, "test", "test examples are also training examples", index=(0,))
class Overlapping(Points):
    def load(self, generator: torch.Generator) -> Splits:
        whole = self.draw(80, generator)
        return Splits(Split(whole.x[:50], whole.y[:50]), Split(whole.x[45:], whole.y[45:]), classes=2)


@wrong(Property.DISJOINT, "test", "test examples are also training examples", index=(0,))
class OverlappingPixels(Points):
    """Integers, few of which repeat by chance."""

    def draw(self, size: int, generator: torch.Generator) -> Split:
        x = torch.randint(4, (size, 12), generator=generator).float()
        return Split(x, (x[:, 0] > 1).long())

    def load(self, generator: torch.Generator) -> Splits:
        whole = self.draw(100, generator)
        return Splits(whole, Split(whole.x[:20], whole.y[:20]), classes=2)


@wrong(Property.FINITE, "train.x", "a missing value", index=(7, 1))
class MissingValue(Points):
    def load(self, generator: torch.Generator) -> Splits:
        splits = super().load(generator)
        splits.train.x[7, 1] = torch.nan
        return splits


@wrong(Property.DETERMINISM, "load()", "draws from torch's global generator")
class GlobalPoints(Points):
    def draw(self, size: int, generator: torch.Generator) -> Split:
        x = torch.rand(size, 2)
        return Split(x, (x[:, 0] > 0.5).long())


@wrong(Property.VARIATION, "load()", "set variation to 'fixed'")
class SamePointsForAll(Points):
    def load(self, generator: torch.Generator) -> Splits:
        return super().load(torch.Generator().manual_seed(0))


@wrong(Property.CLASSES, "train.y", "classes are counted from 1")
class CountedFromOne(Points):
    def draw(self, size: int, generator: torch.Generator) -> Split:
        split = super().draw(size, generator)
        return Split(split.x, split.y + 1)


@wrong(Property.SHAPES, "train.y", "class numbers are int64")
class ClassesAsNumbers(Points):
    def draw(self, size: int, generator: torch.Generator) -> Split:
        split = super().draw(size, generator)
        return Split(split.x, split.y.float())
