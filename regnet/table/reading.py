"""Read a file as columns, once for all seeds. Cells of a text file stay text: what they mean is decided later, by column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet

from regnet.table.errors import TableError, guess, listing
from regnet.table.text_file import COMPRESSED, TextOptions, read_cells

if TYPE_CHECKING:
    import pandas as pd

TEXT, PARQUET = (".csv", ".tsv", ".txt", ".data"), (".parquet",)
READABLE = "a file that ends in .csv, .tsv, .txt or .data (also compressed, such as .csv.gz), or in .parquet"
UNNAMED = "column"
"""What a column without a name is called, before its number: ``column3``."""
INDEX = ("Unnamed: ", "__index_level_")
"""The prefixes of the names that pandas gives to columns that had none, which are usually row numbers."""


@dataclass(frozen=True, eq=False)
class Content:
    """The rows and columns of a table."""

    name: str
    """The file's name, for messages."""
    columns: Mapping[str, pa.Array]
    """Each column by its name: strings from a text file, Arrow's types from others."""
    unnamed: frozenset[str] = frozenset()
    """The columns that had no name although others have one."""
    notes: tuple[str, ...] = ()
    """How the file was read, where that was found out: ``separator ';'``."""
    points_doubtful: bool = False
    """Whether a comma within numbers is as likely a decimal mark as a thousands mark, since values are not separated by commas."""

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    def column(self, name: str, option: str) -> pa.Array:
        """The column of this name.

        Raises:
            TableError: there is none; `option` is the option that names it.
        """
        if normal(name) in self.columns:
            return self.columns[normal(name)]
        advice = "; is another dataset.separator between them?" if len(self.columns) == 1 else ""
        if re.fullmatch(rf"{UNNAMED}\d+", name):
            advice += "; dataset.header=false if the first line has values, not names"
        notes = f" ({', '.join(self.notes)})" if self.notes else ""
        raise TableError(
            f"{self.name} has no column {name!r} ({option}): {guess(name, self.columns)}"
            f"Columns: {listing(self.columns)}{notes}{advice}"
        )


def normal(name: str) -> str:
    """A column's name without spaces around it, and with composed letters."""
    return unicodedata.normalize("NFC", name.strip())


def read(path: str, options: TextOptions, wanted: tuple[str, ...], option: str = "dataset.path") -> Content:
    """The table in a file.

    Args:
        path: the file.
        options: how a text file is written.
        wanted: the names that are going to be used: the first line of a text file that has one of them has the columns' names.
        option: what names the file, for messages.

    Raises:
        TableError: the file does not exist, or is not a table.
    """
    file = Path(path).expanduser().resolve()
    if file.is_dir() or not set(kind_of(file)) & {*TEXT, *PARQUET}:
        excel = ": save the sheet as CSV" if file.suffix.lower().startswith(".xls") else ""
        raise TableError(f"{path} cannot be read ({option}): expected {READABLE}{excel}")
    if not file.is_file():
        raise TableError(f"there is no file {path} ({option}): {_nearby(file)}")
    try:
        return _read(file, options, wanted, file.stat().st_mtime_ns)
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise TableError(f"{path} cannot be read as {file.suffix}: {' '.join(str(error).split())}") from error


def kind_of(file: Path) -> tuple[str, ...]:
    """The suffix that says what is in a file, and the one that says how it is compressed, if it is."""
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    return tuple(suffixes[-2:]) if suffixes[-1:] and suffixes[-1] in COMPRESSED else tuple(suffixes[-1:])


@lru_cache(maxsize=2)
def _read(file: Path, options: TextOptions, wanted: tuple[str, ...], changed: int) -> Content:
    """The table in a file that was last changed at time `changed`; cached, since every seed of a study needs it."""
    if file.suffix.lower() in PARQUET:
        table = pyarrow.parquet.ParquetFile(file).read()
        return from_columns(file.name, table.column_names, [column.combine_chunks() for column in table.columns])
    text = read_cells(file, options, wanted)
    names = text.names or tuple(f"{UNNAMED}{number}" for number, _ in enumerate(text.columns, start=1))
    content = from_columns(file.name, names, text.columns)
    return Content(content.name, content.columns, content.unnamed, text.notes, text.separator != ",")


def from_frame(frame: pd.DataFrame, name: str) -> Content:
    """The columns of a frame; values that Arrow has no type for become text.

    Raises:
        TableError: two columns have one name, or there are no rows or columns.
    """
    return from_columns(name, [str(label) for label in frame.columns], [_array(frame.iloc[:, at]) for at in range(frame.shape[1])])


def _array(series: pd.Series[Any]) -> pa.Array:
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):  # values of several types, or of a type of its own
        array = pa.array([None if gap else str(value) for value, gap in zip(series, series.isna(), strict=True)], pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def from_columns(name: str, labels: tuple[str, ...] | list[str], arrays: Any) -> Content:
    """A table of these columns.

    Raises:
        TableError: two columns have one name, or there are no rows or columns.
    """
    names = [normal(label) or f"{UNNAMED}{number}" for number, label in enumerate(labels, start=1)]
    for number, label in enumerate(names, start=1):
        first = names.index(label) + 1
        if first < number:
            raise TableError(
                f"{name}: columns {first} and {number} are both called {label!r}: rename one, or delete it if it repeats the target"
            )
    if not names or not len(arrays[0]):
        raise TableError(f"{name} has no rows, or no columns")
    unnamed = {label for given, label in zip(labels, names, strict=True) if not given.strip() or given.startswith(INDEX)}
    return Content(name, dict(zip(names, arrays, strict=True)), frozenset(unnamed))


def _nearby(file: Path) -> str:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent} either"
    tables = sorted(path.name for path in file.parent.iterdir() if set(kind_of(path)) & {*TEXT, *PARQUET})
    return f"{guess(file.name, tables)}{file.parent} has {listing(tables) if tables else 'no table'}"
