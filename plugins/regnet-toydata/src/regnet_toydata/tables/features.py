"""The feature columns: choose them, and encode them as numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from regnet_toydata.tables.errors import TableError, listing
from regnet_toydata.tables.reading import Content
from regnet_toydata.tables.values import is_number, is_text, numbers, stray, texts

MANY = 100
"""The largest number of different words in a column that is used as a feature."""
UNNAMED = "Unnamed: "
"""The prefix of the names that pandas gives to unnamed columns, which are usually row numbers."""


def choose(content: Content, wanted: Sequence[str] | None, target: str) -> list[str]:
    """The names of the feature columns: those in `wanted`, or all numeric ones except the target.

    Raises:
        TableError: a column is missing, named twice, the target itself, or neither numbers nor text; or there is no column.
    """
    content.column(target, "dataset.target")
    if wanted is None:
        return _numeric(content, target)
    for name in wanted:
        column = content.column(name, "dataset.features")
        if name == target:
            raise TableError(f"dataset.features names the target {target!r}: it cannot be a feature too")
        if list(wanted).count(name) > 1:
            raise TableError(f"dataset.features names {name!r} twice")
        if not is_number(column) and not is_text(column):
            raise TableError(f"column {name!r} of {content.name} is {column.dtype}: a feature is numbers or text")
    if not wanted:
        raise TableError("dataset.features is empty: name at least one column, or leave it out to take all numeric ones")
    return list(wanted)


def _numeric(content: Content, target: str) -> list[str]:
    columns = {str(name): column for name, column in content.frame.items() if name != target and not str(name).startswith(UNNAMED)}
    for name, column in columns.items():
        word = stray(column) if is_text(column) else None
        if word:
            problem = f"column {name!r} of {content.name} has text among its numbers, {word}"
            raise TableError(f"{problem}: fix it, or name the columns to use, dataset.features")
    found = [name for name, column in columns.items() if is_number(column)]
    if not found:
        rest = f": name columns of text in dataset.features to use them, {listing(columns)}" if columns else ""
        raise TableError(f"{content.name} has no numeric column beside the target {target!r}{rest}")
    return found


def encode(content: Content, names: Sequence[str], train: Tensor) -> Tensor:
    """The features ``(N, F)``, with missing values replaced by the mean over the training rows `train`.

    Raises:
        TableError: a column has too many different words, or no values among the training rows.
    """
    rows = train.numpy()
    blocks = [_filled(content, name, _block(content, name), rows) for name in names]
    return torch.from_numpy(np.concatenate(blocks, axis=1))


def _block(content: Content, name: str) -> np.ndarray:
    """A numeric column as ``(N, 1)``; or a text column, one-hot encoded with its different words in sorted order."""
    column = content.frame[name]
    if is_number(column):
        return numbers(column)[:, np.newaxis]
    codes, words = pd.factorize(texts(column), sort=True)
    if len(words) > MANY:
        raise TableError(f"column {name!r} of {content.name} has {len(words)} different words: at most {MANY} can be features")
    block = np.eye(len(words))[codes]
    block[codes < 0] = np.nan
    return block


def _filled(content: Content, name: str, block: np.ndarray, train: np.ndarray) -> np.ndarray:
    gaps = np.isnan(block)
    if not gaps.any():
        return block
    if gaps[train].all():
        raise TableError(
            f"column {name!r} of {content.name} has no values among the training rows: leave it out of dataset.features"
        )
    return np.where(gaps, np.nanmean(block[train], axis=0), block)
