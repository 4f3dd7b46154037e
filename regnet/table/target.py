"""The target column: encode it as class numbers, or as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from regnet.contracts import Label
from regnet.table.encoding import encode_column
from regnet.table.errors import TableError
from regnet.table.formats import is_gap
from regnet.table.kinds import Forms, Reading, is_text, present, strings
from regnet.table.reading import Content

FEW = 20
"""The largest number of different whole numbers that are treated as classes."""


@dataclass(frozen=True)
class Target:
    """What is predicted, for every row of a table."""

    known: np.ndarray
    """Which rows have it, ``(N,)``."""
    y: Tensor
    """Class numbers ``(N,)``, or values ``(N, 1)``; anything where it is missing."""
    labels: tuple[Label, ...]
    """The names of the classes; empty if values are predicted."""
    note: str
    """How it is read, in words."""
    gap_words: tuple[str, ...] = ()
    """The words that count as missing."""

    @property
    def classes(self) -> int | None:
        return len(self.labels) or None


def encode_target(content: Content, name: str, reading: Reading, task: str, forms: Forms) -> Target:
    """The target as class numbers or as values.

    Raises:
        TableError: the column does not fit the task, or all its values are equal.
    """
    values, what = content.columns[name], f"the target {name!r} of {content.name}"
    kind = reading.column.kind
    if kind == "dates":
        raise TableError(f"{what} has dates: expected numbers or text")
    if kind == "numbers" and reading.problem and not reading.doubtful:
        raise TableError(f"{what} has {reading.problem}: expected numbers or text")
    encode = _from_numbers if kind == "numbers" else _from_words
    target = encode(what, values, reading, task, forms)
    gaps = present(strings(values), forms).filter(pa.array(~target.known)) if is_text(values) else pa.array([], pa.string())
    return replace(target, gap_words=tuple(sorted(pc.unique(gaps.drop_null()).to_pylist())))


def _from_numbers(what: str, values: pa.Array, reading: Reading, task: str, forms: Forms) -> Target:
    numbers = encode_column(reading.column, values, what)[:, 0]
    known = ~np.isnan(numbers)
    different = np.unique(numbers[known])
    _check(what, different)
    whole = bool((different == np.floor(different)).all())
    if task == "classification" or (task == "auto" and whole and len(different) <= FEW):
        labels = tuple(int(number) if whole else float(number) for number in different)
        return _classes(what, np.searchsorted(different, numbers), known, labels, "")
    note = f"values{f' ({reading.note})' if reading.note else ''}, {different[0]:g} to {different[-1]:g}"
    return Target(known, torch.from_numpy(numbers).unsqueeze(-1), (), note)


def _from_words(what: str, values: pa.Array, reading: Reading, task: str, forms: Forms) -> Target:
    truth = reading.column.kind == "truth values"
    if task == "regression" and not truth:
        stray = f"it has {reading.note}" if reading.note.startswith("text") else f"it starts with {first(values)!r}"
        raise TableError(f"{what} is not numeric, as regression needs: {stray}")
    words = _words(values, truth, forms)
    known = ~np.asarray(words.is_null())
    different = sorted(pc.unique(words.drop_null()).to_pylist())
    _check(what, different)
    codes = pc.index_in(words, pa.array(different, words.type)).fill_null(0).to_numpy(zero_copy_only=False)
    if task == "regression":
        return Target(known, torch.from_numpy(codes.astype(float)).unsqueeze(-1), (), "values, 0 and 1")
    labels = tuple(word == "true" for word in different) if pa.types.is_boolean(values.type) else tuple(different)
    return _classes(what, codes, known, labels, "" if truth else reading.note)


def first(values: pa.Array) -> object:
    """The first value that is not missing."""
    return values.drop_null()[0].as_py()


def _words(values: pa.Array, truth: bool, forms: Forms) -> pa.Array:
    plain = pc.cast(values, values.type.value_type) if pa.types.is_dictionary(values.type) else values
    texts = present(strings(plain), forms)
    return pc.if_else(pa.array(is_gap(texts)), None, texts) if truth and is_text(values) else texts


def _check(what: str, different: Sequence[object] | np.ndarray) -> None:
    if len(different) == 0:
        raise TableError(f"{what} has no row in which it is not missing")
    if len(different) == 1:
        raise TableError(f"{what} is {different[0]} in every row: there is nothing to predict")


def _classes(what: str, codes: np.ndarray, known: np.ndarray, labels: tuple[Label, ...], note: str) -> Target:
    rows = int(known.sum())
    if 2 * len(labels) > rows:
        text = isinstance(labels[0], str)
        advice = (f": {note}" if note else "") if text else ": set dataset.task=regression"
        raise TableError(f"{what} has {len(labels)} different values in {rows} rows, too many for classes{advice}")
    shown = ", ".join(map(str, labels[:5])) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
    said = f"{len(labels)} classes: {shown}{f' ({note})' if note else ''}"
    return Target(known, torch.from_numpy(np.where(known, codes, 0).astype(np.int64)), labels, said)
