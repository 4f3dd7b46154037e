"""Read a file as a table, once for all seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from regnet_toydata.tables.errors import TableError, guess, listing


@dataclass(frozen=True)
class Content:
    """The rows and columns of a file. The frame is shared: do not write into it."""

    name: str
    """The file's name, for errors."""
    frame: pd.DataFrame

    def column(self, name: str, option: str) -> pd.Series:
        """The column of this name.

        Raises:
            TableError: there is none; `option` is the option that names it.
        """
        names = list(self.frame.columns)
        if name not in names:
            advice = "; is another dataset.separator between them?" if len(names) == 1 else ""
            raise TableError(
                f"{self.name} has no column {name!r} ({option}): {guess(name, names)}Columns: {listing(names)}{advice}"
            )
        return self.frame[name]


def read(path: str, separator: str) -> Content:
    """The table in a file.

    Raises:
        TableError: the file does not exist, or is not a table.
    """
    file = Path(path).expanduser().resolve()
    if file.suffix.lower() not in READERS:
        raise TableError(f"{path} cannot be read (dataset.path): expected a file that ends in {' or '.join(READERS)}")
    if not file.is_file():
        raise TableError(f"there is no file {path} (dataset.path): {_nearby(file)}")
    try:
        return Content(file.name, _read(file, separator, file.stat().st_mtime_ns))
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read as {file.suffix}: {' '.join(str(error).split())}") from error


@lru_cache(maxsize=2)
def _read(file: Path, separator: str, changed: int) -> pd.DataFrame:
    """The table in a file that was last changed at time `changed`; cached, since every seed of a study needs it."""
    frame = READERS[file.suffix.lower()](file, separator)
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"two columns are called {next(name for name in names if names.count(name) > 1)!r}")
    if frame.empty:
        raise ValueError("there are no rows, or no columns, in it")
    return frame.set_axis(names, axis=1)


def _read_csv(file: Path, separator: str) -> pd.DataFrame:
    return pd.read_csv(file, sep=separator, skipinitialspace=True, low_memory=False)


def _read_parquet(file: Path, separator: str) -> pd.DataFrame:
    return pd.read_parquet(file)


READERS: dict[str, Callable[[Path, str], pd.DataFrame]] = {".csv": _read_csv, ".parquet": _read_parquet}
"""The function that reads a file, by its suffix."""


def _nearby(file: Path) -> str:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent} either"
    tables = sorted(path.name for path in file.parent.iterdir() if path.suffix.lower() in READERS)
    return f"{guess(file.name, tables)}{file.parent} has {listing(tables) if tables else 'no .csv or .parquet file'}"
