"""A table: the user's data from a CSV or a Parquet file; errors in the file are reported in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from annotated_types import Interval, Len

import regnet


@dataclass(frozen=True)
class Table(regnet.Dataset):
    """The rows of a file, one column of which is predicted from others.

    A text target becomes a class number: the index of its value among the column's values in sorted order. A text feature becomes
    one feature for each of its values, 1 where the row has that value and else 0. Rows are split at random within each class.

    Args:
        path: a file that ends in .csv or .parquet, relative to the working directory; the first line of a CSV has the column names.
        target: the column to predict.
        features: the columns to predict it from; by default all others that are numeric and have a name.
        task: whether the target is a class or a value; auto treats text, booleans, and up to 20 different whole numbers as classes,
            and anything else as a value.
        missing: how to treat missing and infinite values: stop with an error; drop the row; or use the column's mean over the
            training rows, for a text feature the share of each of its values. A row without a target can only be dropped.
        test_share: the share of the rows for testing, above 0 and below 1.
        redraw: whether the split is regenerated for every seed; if false, all seeds share one split.
        separator: the character between two values in a line of a CSV.
    """

    path: str
    target: str
    features: list[str] | None = None
    task: Literal["auto", "classification", "regression"] = "auto"
    missing: Literal["error", "drop", "mean"] = "error"
    test_share: Annotated[float, Interval(gt=0, lt=1)] = 0.2
    redraw: bool = True
    separator: Annotated[str, Len(1, 1)] = ","

    def files(self) -> Sequence[Path]:
        return (Path(self.path),)

    def load(self, generator: torch.Generator) -> regnet.Splits:
        """Read and split the rows.

        Raises:
            TableError: the file cannot be read, lacks a column, or cannot be learned from.
        """
        from regnet_toydata.tables import features, reading, splitting, targets, values  # importing pandas takes half a second

        content = reading.read(self.path, self.separator)
        columns = features.choose(content, self.features, self.target)
        content = values.complete(content, [self.target, *columns], self.target, self.missing)
        y, classes = targets.encode(content, self.target, self.task)
        train, test = splitting.split(y, classes, self.test_share, generator, content.name)
        x = features.encode(content, columns, train)
        return regnet.Splits(regnet.Split(x[train], y[train]), regnet.Split(x[test], y[test]), classes)
