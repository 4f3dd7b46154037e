"""From columns of a table to features: numbers as they are, dates as days, truth values as 0 and 1, words one-hot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from regnet.contracts import Column
from regnet.table.errors import TableError, guess, listing
from regnet.table.formats import NumberForm, is_gap, parse_dates, parse_numbers
from regnet.table.kinds import Forms, is_text, present, strings
from regnet.table.reading import Content


def encode_column(column: Column, values: pa.Array, where: str) -> np.ndarray:
    """The features ``(N, column.width)`` of a column, NaN where its value is missing or, of words, unknown.

    Raises:
        TableError: a value is not of the column's kind; `where` is the table's name.
    """
    if is_text(values) or column.kind == "words":
        return _from_text(column, _texts(column, values), where)
    return _from_typed(column, values, where)[:, np.newaxis]


def _texts(column: Column, values: pa.Array) -> pa.Array:
    plain = pc.cast(values, values.type.value_type) if pa.types.is_dictionary(values.type) else values
    return present(strings(plain), Forms(na_values=column.missing))


def _from_text(column: Column, texts: pa.Array, where: str) -> np.ndarray:
    if column.kind == "words":
        codes = pc.index_in(texts, pa.array(column.words, texts.type)).fill_null(-1).to_numpy(zero_copy_only=False)
        block = np.eye(len(column.words))[codes]
        block[codes < 0] = np.nan
        return np.asarray(block)
    if column.kind == "numbers":
        form = NumberForm(column.decimal, column.thousands, column.before, column.after)
        numbers, wrong = parse_numbers(texts, form)
    elif column.kind == "dates":
        numbers = parse_dates(texts, column.date_form or "ISO8601")
        wrong = np.isnan(numbers) & ~is_gap(texts)
    else:
        codes = pc.index_in(pc.utf8_lower(texts), pa.array(column.words, texts.type)).fill_null(-1).to_numpy(zero_copy_only=False)
        numbers = np.where(codes < 0, np.nan, codes)
        wrong = (codes < 0) & ~is_gap(texts)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        kind = {"numbers": "a number", "dates": "a date", "truth values": " or ".join(column.words)}[column.kind]
        raise TableError(f"{where}: column {column.name!r} has {texts[row].as_py()!r} in row {row + 1}, expected {kind}")
    return numbers[:, np.newaxis]


def _from_typed(column: Column, values: pa.Array, where: str) -> np.ndarray:
    kind = values.type
    try:
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            days = pc.cast(pc.cast(values, pa.timestamp("us"), safe=False), pa.int64())
            numbers = pc.cast(days, pa.float64(), safe=False).to_numpy(zero_copy_only=False) / 86_400e6
        elif pa.types.is_duration(kind) or pa.types.is_time(kind):
            unit = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
            whole = pc.cast(values, pa.int32() if kind.bit_width == 32 else pa.int64())
            numbers = pc.cast(whole, pa.float64(), safe=False).to_numpy(zero_copy_only=False) / unit
        else:
            numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowException:
        raise TableError(f"{where}: column {column.name!r} has {kind} values, expected {column.kind}") from None
    return np.where(np.isfinite(numbers), numbers, np.nan)


def encode_rows(content: Content, columns: Sequence[Column]) -> Tensor:
    """The features ``(N, F)`` of new rows; what is missing or unknown is filled as for training.

    Raises:
        TableError: the table lacks a column, or has a value of another kind.
    """
    blocks = []
    for column in columns:
        if column.name not in content.columns:
            raise TableError(
                f"{content.name} has no column {column.name!r}, which the network was trained with: "
                f"{guess(column.name, content.columns)}Columns: {listing(content.columns)}"
            )
        block = encode_column(column, content.columns[column.name], content.name)
        blocks.append(filled(block, np.array(column.fill)))
    return torch.from_numpy(np.concatenate(blocks, axis=1))


def filled(block: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """The block, with `fill` where it is NaN."""
    gaps = np.isnan(block)
    return np.where(gaps, fill, block) if gaps.any() else block


def means(block: np.ndarray) -> tuple[float, ...]:
    """The mean of each feature over the rows that have it; NaN if none has."""
    known = ~np.isnan(block)
    count = known.sum(0)
    parts = np.divide(block, count, out=np.zeros_like(block), where=known)  # whose sum cannot overflow
    return tuple(np.where(count > 0, parts.sum(0), np.nan).tolist())
