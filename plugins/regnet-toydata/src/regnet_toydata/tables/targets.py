"""The target column: encode it as class numbers, or as values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from regnet_toydata.tables.errors import TableError
from regnet_toydata.tables.reading import Content
from regnet_toydata.tables.values import is_number, is_text, numbers, stray, texts

FEW = 20
"""The largest number of different whole numbers that are treated as classes."""


def encode(content: Content, target: str, task: str) -> tuple[Tensor, int | None]:
    """The target as class numbers ``(N,)`` and the number of classes; or as values ``(N, 1)`` and None.

    Raises:
        TableError: the column does not fit the task, or all its values are equal.
    """
    column = content.column(target, "dataset.target")
    name = f"the target {target!r} of {content.name}"
    _check(column, name)
    if task == "classification" or (task == "auto" and _is_classes(column)):
        return _encode_classes(column, name)
    if is_text(column):
        raise TableError(f"{name} is not numeric, as regression needs: {stray(column) or f'it starts with {column.iloc[0]!r}'}")
    return torch.from_numpy(numbers(column)).unsqueeze(-1), None


def _check(column: pd.Series, name: str) -> None:
    if not is_text(column) and not is_number(column):
        raise TableError(f"{name} is {column.dtype}: expected numbers or text")
    if column.empty:
        raise TableError(f"{name} has no row in which nothing is missing")
    if column.nunique() == 1:
        raise TableError(f"{name} is {column.iloc[0]} in every row: there is nothing to predict")


def _is_classes(column: pd.Series) -> bool:
    if is_text(column):
        return True
    found = numbers(column)
    return column.nunique() <= FEW and bool((found == np.floor(found)).all())


def _encode_classes(column: pd.Series, name: str) -> tuple[Tensor, int]:
    codes, labels = pd.factorize(texts(column) if is_text(column) else numbers(column), sort=True)
    if 2 * len(labels) > len(column):
        raise TableError(f"{name} has {len(labels)} different values in {len(column)} rows, too many for classes{_hint(column)}")
    return torch.from_numpy(codes).long(), len(labels)


def _hint(column: pd.Series) -> str:
    """A hint for a column with too many values for classes."""
    if not is_text(column):
        return ": set dataset.task=regression"
    word = stray(column)
    return f": numbers but for {word}" if word else ""
