"""Examples that are both trained on and judged by: how many there may be, and whether there are more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor

from regnet.check.finding import Finding, Place, Property
from regnet.contracts import Split, Splits

CAUSE = "examples to be judged by have been trained on: split before repeating or augmenting, and take each example once"


def check_disjoint(splits: Splits) -> Iterator[Finding]:
    """No example is in both splits, beyond what repeats among the data by itself.

    Where data are continuous, most having a value of their own, inputs are compared, and only chance may repeat one: for a
    single feature in single precision. Elsewhere, inputs are compared together with answers. Measured data may hold an example
    several times, and a grid has few points. So test examples may recur in training twice as often as training examples do
    among themselves, and one in a hundred beside.
    """
    own_values = continuous(splits.train.x)
    train, test = (_rows(split, answers=not own_values) for split in (splits.train, splits.test))
    count = Counter(train)
    shared = [place for place, row in enumerate(test) if row in count]
    by_chance = len(train) * len(test) * 2.0 ** (-20 * splits.train.x.shape[-1])
    repeated = sum(times for times in count.values() if times > 1) / len(train)
    if len(shared) > by_chance + 2 * repeated * len(test) + (0 if own_values else 0.01 * len(test)):
        extent = f"{len(shared)} of {len(test)} test examples"
        place = Place(Property.DISJOINT, "test")
        yield place.finding("no example of the training split", "one of them", CAUSE, (shared[0],), extent)


def continuous(x: Tensor) -> bool:
    """Whether some feature has a value of its own in more than half the examples."""
    return any(len(column.unique()) > len(column) // 2 for column in x.mT)


def _rows(split: Split, *, answers: bool) -> list[tuple[float, ...]]:
    y = split.y.to(split.x.dtype).reshape(len(split.y), -1)
    return [tuple(row) for row in (torch.cat([split.x, y], -1) if answers else split.x).tolist()]
