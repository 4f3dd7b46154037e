"""Real data that scikit-learn brings along: read once, split for every seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Interval
from torch import Tensor

from regnet.contracts import Column, Dataset, Schema, Split, Splits
from regnet.errors import BadOption
from regnet.table.splitting import Splitting, split


@dataclass(frozen=True)
class Bundled(Dataset):
    """A table of scikit-learn, split at random within each class.

    Args:
        test_share: the share of the examples for testing, above 0 and below 1. Each class has about that share.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
    """

    variation = "splits"
    source: ClassVar[str]
    """The name of scikit-learn's function that reads it, after ``load_``."""
    target: ClassVar[str]
    """The name of what is predicted."""

    test_share: Annotated[float, Interval(gt=0, lt=1)] = 0.2
    fold: Annotated[int, Ge(0)] | None = None
    folds: Annotated[int, Ge(2)] = 5

    def __post_init__(self) -> None:
        if self.fold is not None and self.fold >= self.folds:
            raise BadOption(f"fold={self.fold} of {self.folds} folds: expected 0 to {self.folds - 1}")

    def load(self, generator: torch.Generator) -> Splits:
        x, y, names, labels = _read(self.source)
        classes = len(labels) or None
        train, test = split(y, classes, Splitting(self.test_share, self.fold, self.folds), generator, self.source)
        means = x[train].double().mean(0).tolist()
        columns = tuple(Column(name, fill=(mean,)) for name, mean in zip(names, means, strict=True))
        schema = Schema(columns, self.target, labels)
        return Splits(Split(x[train], y[train]), Split(x[test], y[test]), classes, schema)


@cache  # reading the file takes longer than training a seed for an epoch
def _read(source: str) -> tuple[Tensor, Tensor, tuple[str, ...], tuple[str | int, ...]]:
    """Inputs, targets, the names of the features, and those of the classes, if there are classes."""
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{source}")()
    x, names = torch.from_numpy(bunch.data).float(), tuple(map(str, bunch.feature_names))
    if "target_names" not in bunch:
        return x, torch.from_numpy(bunch.target).float().unsqueeze(-1), names, ()
    labels = tuple(label if isinstance(label, str) else int(label) for label in bunch.target_names.tolist())
    return x, torch.from_numpy(bunch.target).long(), names, labels
