"""What a table's columns mean for learning: the target, the features, which columns are left out and why, which rows are used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from regnet.contracts import Column, Schema
from regnet.table.encoding import encode_column, filled, means
from regnet.table.errors import TableError, listing
from regnet.table.kinds import MANY, Forms, Reading, read_columns, strings
from regnet.table.reading import Content, normal
from regnet.table.splitting import Splitting
from regnet.table.target import Target, encode_target


@dataclass(frozen=True)
class Wanted:
    """What a user wants to learn from a table."""

    target: str
    features: tuple[str, ...] | None
    exclude: tuple[str, ...]
    task: Literal["auto", "classification", "regression"]
    missing: Literal["error", "drop", "mean"]
    group: str | None = None
    order: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that are named."""
        more = [name for name in (self.group, self.order) if name is not None]
        return tuple(normal(name) for name in (self.target, *(self.features or ()), *self.exclude, *more))


@dataclass(frozen=True, eq=False)
class Examples:
    """The rows of a table as numbers."""

    name: str
    """The table's, for messages."""
    columns: tuple[Column, ...]
    """The columns that features come from, not yet with what fills their gaps."""
    blocks: tuple[np.ndarray, ...]
    """The features ``(N, column.width)`` of each, NaN where a value is missing."""
    target_name: str
    target: Target
    groups: np.ndarray | None
    order: np.ndarray | None
    lines: tuple[str, ...]
    """What is used, how it is read, and what is not used and why."""

    def features(self, train: Tensor) -> tuple[Tensor, Schema]:
        """The features ``(N, F)`` with gaps filled by the means over the training rows `train`, and what they mean.

        Raises:
            TableError: a column has no values among the training rows.
        """
        rows = train.numpy()
        fills = [means(block[rows]) for block in self.blocks]
        for column, fill, block in zip(self.columns, fills, self.blocks, strict=True):
            if np.isnan(fill).any() and np.isnan(block).any():
                raise TableError(
                    f"column {column.name!r} of {self.name} has no values among the training rows: leave it out, dataset.exclude"
                )
        blocks = [filled(block, np.array(fill)) for block, fill in zip(self.blocks, fills, strict=True)]
        columns = tuple(replace(column, fill=fill) for column, fill in zip(self.columns, fills, strict=True))
        schema = Schema(columns, self.target_name, self.target.labels)
        return torch.from_numpy(np.concatenate(blocks, axis=1)), schema

    def splitting(self, test_share: float, fold: int | None, folds: int) -> Splitting:
        return Splitting(test_share, fold, folds, self.groups, self.order)


@lru_cache(maxsize=2)
def interpret(content: Content, wanted: Wanted, forms: Forms) -> Examples:
    """The numbers in a table; cached, since every seed of a study needs them.

    Raises:
        TableError: a column is missing, named twice, or cannot be used as it is named; or nothing is left to learn from.
    """
    for name in (wanted.target, *wanted.exclude):
        content.column(name, "dataset.target" if name == wanted.target else "dataset.exclude")
    readings = read_columns(content, forms)
    target_name = normal(wanted.target)
    target = encode_target(content, target_name, readings[target_name], wanted.task, forms)
    used, left = _choose(content, wanted, readings)
    blocks = {name: encode_column(readings[name].column, content.columns[name], content.name) for name in used}
    if wanted.features is None:
        for name in [name for name in used if _constant(blocks[name])]:
            left[name] = "the same value in every row"
            used.remove(name)
    if not used:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(left.items())[:5])
        raise TableError(
            f"{content.name} has no column to learn from beside the target {target_name!r}{f': {reasons}' if left else ''}"
        )
    gaps = {name: np.isnan(blocks[name]).any(1) for name in used if np.isnan(blocks[name]).any()}
    kept = _kept_rows(content, target_name, target, gaps, wanted.missing)
    notes = _gap_notes(gaps, kept, wanted.missing, content.rows)
    notes += [f"{name} counts the rows" for name in used if _counts(blocks[name])]
    notes += [f"{name} tells {target_name!r} exactly" for name in used if _repeats(blocks[name], target)]
    lines = tuple(_describe(content, f"{target_name}: {target.note}", {name: readings[name] for name in used}, left, notes))
    order = _order(content, readings, wanted.order)
    return Examples(
        content.name,
        tuple(readings[name].column for name in used),
        tuple(blocks[name][kept] for name in used),
        target_name,
        replace(target, known=target.known[kept], y=target.y[torch.from_numpy(kept)]),
        _groups(content, wanted.group, kept),
        order if order is None else order[kept],
        lines,
    )


def _choose(content: Content, wanted: Wanted, readings: dict[str, Reading]) -> tuple[list[str], dict[str, str]]:
    """The columns to use as features, and the reason for each of the others."""
    target = normal(wanted.target)
    if wanted.features is None:
        roles = {target, *map(normal, wanted.exclude)} | {normal(name) for name in (wanted.group, wanted.order) if name is not None}
        candidates = {name: reading for name, reading in readings.items() if name not in roles}
        for name, reading in candidates.items():
            if reading.refused:
                advice = f"; dataset.exclude=[{name}] leaves it out"
                raise TableError(f"column {name!r} of {content.name} has {reading.problem}{advice}")
        left = {name: reading.problem for name, reading in candidates.items() if reading.problem}
        left |= {normal(name): "dataset.exclude names it" for name in wanted.exclude}
        return [name for name in candidates if name not in left], left
    if not wanted.features:
        raise TableError("dataset.features is empty: name at least one column, or leave it out to take all that can be used")
    chosen = [normal(name) for name in wanted.features]
    for name in chosen:
        content.column(name, "dataset.features")
        if name == target:
            raise TableError(f"dataset.features names the target {name!r}: it cannot be a feature too")
        if chosen.count(name) > 1:
            raise TableError(f"dataset.features names {name!r} twice")
        reading = readings[name]
        if reading.problem and not (reading.doubtful and len(reading.column.words) <= MANY):
            raise TableError(f"column {name!r} of {content.name} cannot be a feature: {reading.problem}")
    return chosen, {}


def _repeats(block: np.ndarray, target: Target) -> bool:
    """Whether a column has the target's values, perhaps under other names."""
    y = target.y.numpy().reshape(len(block), -1)[:, 0]
    if target.classes is None or block.shape[1] == 1:
        return block.shape[1] == 1 and bool((block[:, 0] == y).all())
    return block.shape[1] == target.classes and len(np.unique(np.stack([block.argmax(1), y]), axis=1).T) == target.classes


def _counts(block: np.ndarray) -> bool:
    """Whether a column has the numbers of the rows."""
    return block.shape[1] == 1 and len(block) > 1 and bool((np.diff(block[:, 0]) == 1).all())


def _constant(block: np.ndarray) -> bool:
    known = block[~np.isnan(block).any(1)]
    return len(known) == 0 or bool((known == known[0]).all())


def _kept_rows(content: Content, name: str, target: Target, gaps: dict[str, np.ndarray], missing: str) -> np.ndarray:
    """The numbers of the rows to use."""
    counts = {column: int(rows.sum()) for column, rows in gaps.items()}
    lacking = int((~target.known).sum())
    complete = target.known & ~np.any([*gaps.values(), np.zeros(content.rows, dtype=bool)], axis=0)
    advice = f"dataset.missing=drop leaves out {int((~complete).sum())} of {content.rows} rows"
    if lacking and target.gap_words:
        advice += f", dataset.na_values=[] keeps {', '.join(map(repr, target.gap_words))} in {name!r} as a word"
    if missing == "error" and (counts or lacking):
        counted = {name: lacking} | counts if lacking else counts
        said = listing(f"{count} in {column!r}" for column, count in counted.items())
        fill = ", dataset.missing=mean fills features with their means" if counts else ""
        raise TableError(f"{content.name} has missing values ({said}): {advice}{fill}")
    if missing == "mean" and lacking:
        raise TableError(f"{content.name} lacks {lacking} values of the target {name!r}, which a mean cannot replace: {advice}")
    kept = np.flatnonzero(complete) if missing == "drop" else np.arange(content.rows)
    if not len(kept):
        raise TableError(f"{content.name} has no row in which nothing is missing: name the columns to use, dataset.features")
    return kept


def _gap_notes(gaps: dict[str, np.ndarray], kept: np.ndarray, missing: str, rows: int) -> list[str]:
    if missing == "drop" and len(kept) < rows:
        return [f"{rows - len(kept)} rows in which something is missing are left out"]
    if missing == "mean" and gaps:
        said = listing((f"{int(count.sum())} in {name}" for name, count in gaps.items()), 5)
        return [f"missing values are filled with means ({said})"]
    return []


def _groups(content: Content, name: str | None, kept: np.ndarray) -> np.ndarray | None:
    if name is None:
        return None
    values = content.column(name, "dataset.group")
    plain = pc.cast(values, values.type.value_type) if pa.types.is_dictionary(values.type) else values
    _, numbers = np.unique(strings(plain).to_numpy(zero_copy_only=False).astype(str)[kept], return_inverse=True)
    return np.asarray(numbers)


def _order(content: Content, readings: dict[str, Reading], name: str | None) -> np.ndarray | None:
    if name is None:
        return None
    values, reading = content.column(name, "dataset.order"), readings[normal(name)]
    if reading.column.kind not in ("numbers", "dates") or (reading.problem and not reading.doubtful):
        raise TableError(
            f"column {name!r} of {content.name} has {reading.problem or reading}: dataset.order needs numbers or dates"
        )
    order = encode_column(reading.column, values, content.name)[:, 0]
    if np.isnan(order).any():
        raise TableError(f"column {name!r} of {content.name} lacks values: dataset.order needs one in every row")
    return np.asarray(order)


def _describe(content: Content, target: str, used: dict[str, Reading], left: dict[str, str], notes: Sequence[str]) -> Iterator[str]:
    """What is used and how it is read, and what is not used and why, in lines."""
    yield f"{content.name}: {', '.join([f'{content.rows} rows', *content.notes, *notes])}"
    yield f"  predicts {target}"
    by_kind: dict[str, list[str]] = {}
    for name, reading in used.items():
        by_kind.setdefault(str(reading), []).append(name)
    for kind, names in by_kind.items():
        yield f"  from {listing(names)}: {kind}"
    by_reason: dict[str, list[str]] = {}
    for name, reason in left.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield f"  without {listing(names)}: {reason}"
