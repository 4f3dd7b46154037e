"""Split rows into training and test rows."""

from __future__ import annotations

import torch
from torch import Tensor

from regnet_toydata.tables.errors import TableError


def split(y: Tensor, classes: int | None, test_share: float, generator: torch.Generator, name: str) -> tuple[Tensor, Tensor]:
    """The indices of the training rows and of the test rows, each in random order.

    `test_share` of all rows, rounded, are for testing. Each class contributes its share, up to a row or two, but never all its
    rows, so that every class can be learned. The number of test rows of a class does not depend on the generator.

    Raises:
        TableError: there are too few rows.
    """
    order = torch.randperm(len(y), generator=generator)
    of_test = torch.zeros(len(y), dtype=torch.bool)
    seen = taken = 0
    for group in _groups(y[order], classes):
        seen += len(group)
        count = min(len(group) - 1, round(seen * test_share) - taken)
        of_test[group[:count]] = True
        taken += count
    train, test = order[~of_test], order[of_test]
    if len(train) < 2 or len(test) < 1:
        raise TableError(
            f"{name} has too few rows: {len(y)} make {len(train)} to train on and {len(test)} to test on, expected at least 2 and 1"
        )
    return train, test


def _groups(y: Tensor, classes: int | None) -> list[Tensor]:
    """The row indices of each class, or of all rows if there are no classes."""
    if classes is None:
        return [torch.arange(len(y))]
    return [(y == number).nonzero().squeeze(-1) for number in range(classes)]
