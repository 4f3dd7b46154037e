"""The schema of a table's examples as plain data, for files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from regnet.contracts import Column, Schema


def plain_schema(schema: Schema | None) -> dict[str, Any] | None:
    """Return a schema as mappings, lists, numbers and strings."""
    return asdict(schema) if schema else None


def read_schema(plain: Mapping[str, Any] | None) -> Schema | None:
    """Return the schema that `plain_schema` described."""
    if plain is None:
        return None
    columns = [Column(**{name: _frozen(value) for name, value in column.items()}) for column in plain["columns"]]
    return Schema(tuple(columns), plain["target"], tuple(plain["labels"]))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def fill_of(schema: Schema) -> list[float]:
    """Return what replaces missing values, ``(F,)``: it depends on the seed, unlike the rest of a schema."""
    return [number for column in schema.columns for number in column.fill]


def with_fill(schema: Schema, numbers: Sequence[float]) -> Schema:
    """Return the schema with other numbers in place of missing values, one for each feature."""
    columns, start = [], 0
    for column in schema.columns:
        columns.append(replace(column, fill=tuple(numbers[start : start + column.width])))
        start += column.width
    return replace(schema, columns=tuple(columns))
