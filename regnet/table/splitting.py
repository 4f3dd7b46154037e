"""Split the rows of a table into training and test rows: at random within each class, by groups, by folds, or in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regnet.table.errors import TableError


@dataclass(frozen=True)
class Splitting:
    """How rows are split."""

    test_share: float
    fold: int | None = None
    """Which of the folds is for testing; None for a share."""
    folds: int = 5
    groups: np.ndarray | None = None
    """The group of each row, as a number: rows of one group are on the same side."""
    order: np.ndarray | None = None
    """What rows are sorted by: the last ones are for testing, and the training rows come before all of them."""


def split(y: Tensor, classes: int | None, how: Splitting, generator: torch.Generator, name: str) -> tuple[Tensor, Tensor]:
    """The indices of the training rows and of the test rows, each in random order.

    The number of rows for testing does not depend on the generator, so that seeds can be trained in lockstep.

    Raises:
        TableError: there are too few rows or groups.
    """
    shuffled = torch.randperm(len(y), generator=generator)
    if how.order is not None:
        of_test = _last(how.order, how.test_share)[shuffled]
    elif how.groups is not None:
        of_test = _grouped(torch.from_numpy(how.groups)[shuffled], how, name)
    elif how.fold is not None:
        of_test = _fold(y[shuffled], classes, how.fold, how.folds)
    else:
        of_test = _share(y[shuffled], classes, how.test_share)
    train, test = shuffled[~of_test], shuffled[of_test]
    if len(train) < 2 or len(test) < 1:
        raise TableError(
            f"{name} has too few rows: {len(y)} make {len(train)} to train on and {len(test)} to test on, expected at least 2 and 1"
        )
    return train, test


def _share(y: Tensor, classes: int | None, test_share: float) -> Tensor:
    """Which rows are for testing: each class contributes its share, up to a row or two, but never all its rows."""
    of_test = torch.zeros(len(y), dtype=torch.bool)
    seen = taken = 0
    for rows in _classes(y, classes):
        seen += len(rows)
        count = min(len(rows) - 1, round(seen * test_share) - taken)
        of_test[rows[:count]] = True
        taken += count
    return of_test


def _fold(y: Tensor, classes: int | None, fold: int, folds: int) -> Tensor:
    """Which rows are in a fold: every class is dealt out over the folds, continuing where the class before it ended."""
    of_test = torch.zeros(len(y), dtype=torch.bool)
    dealt = 0
    for rows in _classes(y, classes):
        of_test[rows[(torch.arange(len(rows)) + dealt) % folds == fold]] = True
        dealt += len(rows)
    return of_test


def _grouped(groups: Tensor, how: Splitting, name: str) -> Tensor:
    """Which rows are for testing: whole groups, in the order in which they first appear.

    Their number of rows is near the share, or that of a fold; it depends on which groups are drawn unless all have one size.
    """
    found = list(dict.fromkeys(groups.tolist()))
    by_share = found[: max(1, round(len(found) * how.test_share))]
    chosen = by_share if how.fold is None else found[how.fold :: how.folds]
    if not 0 < len(chosen) < len(found):
        raise TableError(f"{name} has {len(found)} groups, of which {len(chosen)} would be for testing: expected some, and not all")
    return torch.isin(groups, torch.tensor(chosen))


def _last(order: np.ndarray, test_share: float) -> Tensor:
    """Which rows are for testing: the last ones, equal ones all on one side."""
    ranked = np.sort(order)
    cut = ranked[len(order) - max(1, round(len(order) * test_share))]
    return torch.from_numpy(order >= cut)


def _classes(y: Tensor, classes: int | None) -> list[Tensor]:
    """The row indices of each class, or of all rows if there are no classes."""
    if classes is None:
        return [torch.arange(len(y))]
    return [(y == number).nonzero().squeeze(-1) for number in range(classes)]
