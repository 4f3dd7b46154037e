"""Check for examples that are in both splits, allowing for repetitions within the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor

from regnet.check.finding import Finding, Location, Property
from regnet.contracts import Split, Splits

CAUSE = "test examples are also training examples: split before repeating or augmenting, and use each example once"


def check_disjoint(splits: Splits) -> Iterator[Finding]:
    """No example is in both splits, except for repetitions within the data.

    For continuous data, whose values are mostly unique, inputs alone are compared, and one may repeat only by chance: with a
    single feature in single precision. For other data, inputs are compared together with answers. Measured data may contain an
    example several times, and a grid has few points. So the share of test examples that recur in training may be twice the
    share of training examples that repeat among themselves, plus one in a hundred, and at least one: Fisher's flowers have two
    that are equal.
    """
    unique_values = continuous(splits.train.x)
    train, test = (_rows(split, answers=not unique_values) for split in (splits.train, splits.test))
    count = Counter(train)
    shared = [index for index, row in enumerate(test) if row in count]
    by_chance = len(train) * len(test) * 2.0 ** (-20 * splits.train.x.shape[-1])
    repeated = sum(times for times in count.values() if times > 1) / len(train)
    if len(shared) > by_chance + 2 * repeated * len(test) + (0 if unique_values else max(1, 0.01 * len(test))):
        extent = f"{len(shared)} of {len(test)} test examples"
        location = Location(Property.DISJOINT, "test")
        yield location.finding("no example of the training split", "one of them", CAUSE, (shared[0],), extent)


def continuous(x: Tensor) -> bool:
    """Whether the number of different values of some feature is more than half the number of examples."""
    return any(len(column.unique()) > len(column) // 2 for column in x.mT)


def _rows(split: Split, *, answers: bool) -> list[tuple[float, ...]]:
    y = split.y.to(split.x.dtype).reshape(len(split.y), -1)
    return [tuple(row) for row in (torch.cat([split.x, y], -1) if answers else split.x).tolist()]
