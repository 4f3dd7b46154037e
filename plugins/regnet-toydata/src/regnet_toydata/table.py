"""A table: a person's own data, from a CSV or a Parquet file, with whatever is wrong with it said in a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Interval, Len

import regnet


@dataclass(frozen=True)
class Table(regnet.Dataset):
    """The rows of a file, one column of which is to be predicted from others.

    A target of text becomes a class number, its place among the column's values in sorted order. A feature of text becomes a
    feature for each of its values, 1 where the row has that value and else 0. Rows are split at random, each class by itself.

    Args:
        path: a file that ends in .csv or .parquet, seen from the working directory; the first line of a CSV names its columns.
        target: the column to be predicted.
        features: the columns to predict it from; by default all others that hold numbers and have a name.
        task: whether the target is a class or a value; auto takes text, true or false, and up to 20 different whole numbers as
            classes, and anything else as a value.
        missing: what to do where a value is missing or infinite: stop with an error; drop the row; or take the column's mean over
            the training rows, for a feature of text the share of each of its values. A row without a target can only be dropped.
        test_share: the share of the rows to be judged by, above 0 and below 1.
        redraw: whether each seed splits the rows in a way of its own, or all share one split.
        separator: what stands between two values in a line of a CSV.
    """

    path: str
    target: str
    features: list[str] | None = None
    task: Literal["auto", "classification", "regression"] = "auto"
    missing: Literal["error", "drop", "mean"] = "error"
    test_share: Annotated[float, Interval(gt=0, lt=1)] = 0.2
    redraw: bool = True
    separator: Annotated[str, Len(1, 1)] = ","

    def load(self, generator: torch.Generator) -> regnet.Splits:
        """The rows, split.

        Raises:
            TableError: the file cannot be read, lacks a column, or holds nothing that could be learned from.
        """
        from regnet_toydata.tables import features, reading, splitting, targets, values  # with pandas, which takes half a second

        content = reading.read(self.path, self.separator)
        columns = features.choose(content, self.features, self.target)
        content = values.complete(content, [self.target, *columns], self.target, self.missing)
        y, classes = targets.encode(content, self.target, self.task)
        train, test = splitting.split(y, classes, self.test_share, generator, content.name)
        x = features.encode(content, columns, train)
        return regnet.Splits(regnet.Split(x[train], y[train]), regnet.Split(x[test], y[test]), classes)
