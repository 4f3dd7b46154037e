"""Missing values, and text where numbers are expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_object_dtype, is_string_dtype

from regnet_toydata.tables.errors import TableError, listing
from regnet_toydata.tables.reading import Content


def is_text(column: pd.Series) -> bool:
    """Whether a column contains text or categories."""
    return isinstance(column.dtype, pd.CategoricalDtype) or is_object_dtype(column.dtype) or is_string_dtype(column.dtype)


def is_number(column: pd.Series) -> bool:
    """Whether a column contains numbers; booleans count as 1 and 0."""
    return bool(is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype)) and column.dtype.kind != "c"


def numbers(column: pd.Series) -> np.ndarray:
    """The numbers of a column, with NaN where one is missing."""
    return column.to_numpy(dtype="float64", na_value=np.nan, copy=True)


def texts(column: pd.Series) -> pd.Series:
    """The words of a column, with None where one is missing."""
    return column.astype(object).map(str, na_action="ignore")


def stray(column: pd.Series) -> str | None:
    """The first word among a text column's numbers, and its row, counted from 1; None if most of the column are words."""
    found = pd.to_numeric(texts(column), errors="coerce")
    words = column.notna() & found.isna()
    if not words.any() or found.notna().sum() <= words.sum():
        return None
    index = int(np.flatnonzero(words)[0])
    return f"{column.iloc[index]!r} in row {index + 1}"


def complete(content: Content, columns: Sequence[str], target: str, missing: str) -> Content:
    """The table with only the named columns and without the rows to drop; missing values are NaN or None.

    Raises:
        TableError: values are missing although that is not allowed, or a column has no values.
    """
    frame = content.frame[list(columns)].replace([np.inf, -np.inf], np.nan)
    counts = {name: int(count) for name, count in frame.isna().sum().items() if count}
    empty = [str(name) for name, count in counts.items() if count == len(frame)]
    if empty:
        raise TableError(f"{content.name} has no values in {_quoted(empty)}: name the columns to use, dataset.features")
    kept = frame.dropna()
    advice = f"dataset.missing=drop leaves out {len(frame) - len(kept)} of {len(frame)} rows"
    if counts and missing == "error":
        missing_counts = listing(f"{count} in {name!r}" for name, count in counts.items())
        raise TableError(
            f"{content.name} has missing values ({missing_counts}): {advice}, dataset.missing=mean fills features with their means"
        )
    if counts.get(target) and missing == "mean":
        raise TableError(
            f"{content.name} lacks {counts[target]} values of the target {target!r}, which a mean cannot replace: {advice}"
        )
    return Content(content.name, kept if missing == "drop" else frame)


def _quoted(names: Sequence[str]) -> str:
    return listing(f"{name!r}" for name in names)
