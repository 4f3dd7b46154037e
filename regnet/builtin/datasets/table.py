"""A table: the user's data from a CSV or a Parquet file; errors in the file are reported in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import torch
from annotated_types import Ge, Interval

from regnet.contracts import Dataset, Split, Splits, Variation
from regnet.errors import BadOption

if TYPE_CHECKING:
    from regnet.table.interpretation import Examples


@dataclass(frozen=True)
class Table(Dataset):
    """The rows of a file, one column of which is predicted from others.

    Lines say how each column is read, and which ones are left out and why. Numbers are read in the forms in which
    spreadsheets write them (``1,234.5``, ``1.234,5``, ``50%``, ``$5``, ``12 kg``); dates become days since 1970-01-01; yes and no,
    or true and false, become 1 and 0; other words become one feature for each word, 1 where the row has it and else 0. A text
    target becomes a class number: the index of its value among the column's values in sorted order.

    Args:
        path: a file that ends in .csv, .tsv, .txt or .data, perhaps compressed as in .csv.gz, or in .parquet; relative to the
            working directory.
        target: the column to predict.
        features: the columns to predict it from; by default all others that can be used.
        exclude: columns that are not used, if `features` is not given.
        task: whether the target is a class or a value; auto treats text, booleans, and up to 20 different whole numbers as classes,
            and anything else as a value.
        missing: how to treat missing and infinite values: stop with an error; drop the row; or use the column's mean over the
            training rows, for a text feature the share of each of its values. A row without a target can only be dropped.
        test_share: the share of the rows for testing, above 0 and below 1. Each class has about that share.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
        group: a column whose rows with the same value are either all for training or all for testing, such as a patient's number.
        order: a column of numbers or dates: the test rows are the last ones by it.
        separator: the character between two values in a line of a text file, or tab; found out by default.
        encoding: a text file's encoding; by default UTF-8 or, if it is not, cp1252.
        header: whether the first line of a text file has the columns' names; found out by default. Without it, the columns are
            called column1, column2, ...
        decimal: the decimal mark in numbers; found out by default.
        thousands: the mark between thousands; found out by default.
        dates: whether the day or the month comes first in dates such as 03/04/2026, if the column does not tell.
        na_values: the words that mean a missing value, beside an empty cell; by default the usual ones (NA, null, ?, ...) among
            numbers, dates and truth values, and none among words.
    """

    path: str
    target: str
    features: list[str] | None = None
    exclude: list[str] | None = None
    task: Literal["auto", "classification", "regression"] = "auto"
    missing: Literal["error", "drop", "mean"] = "error"
    test_share: Annotated[float, Interval(gt=0, lt=1)] = 0.2
    fold: Annotated[int, Ge(0)] | None = None
    folds: Annotated[int, Ge(2)] = 5
    group: str | None = None
    order: str | None = None
    separator: str | None = None
    encoding: str | None = None
    header: bool | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str | None = None
    dates: Literal["day_first", "month_first"] | None = None
    na_values: list[str] | None = None

    def __post_init__(self) -> None:
        if self.fold is not None and self.fold >= self.folds:
            raise BadOption(f"fold={self.fold} of {self.folds} folds: expected 0 to {self.folds - 1}")
        if self.order is not None and (self.fold is not None or self.group is not None):
            raise BadOption("order splits by a column's order, without groups and folds: leave out one of them")
        if self.separator is not None and len(self.separator) != 1 and self.separator not in ("tab", "\\t", "space"):
            raise BadOption(f"separator={self.separator!r}: expected one character, or tab")
        if self.features is not None and self.exclude:
            raise BadOption("features names the columns to use, so that exclude has nothing to leave out: leave out one of them")

    @property
    def variation(self) -> Variation:  # type: ignore[override]
        return "splits" if self.order is None else "fixed"

    def files(self) -> Sequence[Path]:
        return (Path(self.path),)

    def load(self, generator: torch.Generator) -> Splits:
        """Read and split the rows.

        Raises:
            TableError: the file cannot be read, lacks a column, or cannot be learned from.
        """
        from regnet.table.splitting import split

        examples = self._examples()
        target, how = examples.target, examples.splitting(self.test_share, self.fold, self.folds)
        train, test = split(target.y, target.classes, how, generator, examples.name)
        x, schema = examples.features(train)
        return Splits(Split(x[train], target.y[train]), Split(x[test], target.y[test]), target.classes, schema)

    def describe(self) -> Sequence[str]:
        return self._examples().lines

    def _examples(self) -> Examples:
        from regnet.table.interpretation import Wanted, interpret  # importing pandas takes half a second
        from regnet.table.kinds import Forms
        from regnet.table.reading import read
        from regnet.table.text_file import TextOptions

        wanted = Wanted(
            self.target, _tuple(self.features), tuple(self.exclude or ()), self.task, self.missing, self.group, self.order
        )
        content = read(self.path, TextOptions(self.separator, self.encoding, self.header), wanted.names)
        return interpret(content, wanted, Forms(self.decimal, self.thousands, self.dates, _tuple(self.na_values)))


def _tuple(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
