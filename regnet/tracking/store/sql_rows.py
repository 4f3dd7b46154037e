"""Rows of MLflow's SQL tables, and whether MLflow would save a value unchanged."""

from __future__ import annotations

import math
import posixpath
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from mlflow.entities import DatasetInput
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

from regnet.tracking.store.messages import TAG_LENGTH
from regnet.tracking.store.run_changes import Changes
from regnet.tracking.store.sql_tables import Row

KEY_LENGTH, PARAM_LENGTH = 250, 500
"""Lengths of names and values that every version of MLflow accepts unchanged."""
PLAIN_NAME = re.compile(r"[\w.\- /]+")

PointRow: TypeAlias = tuple[str, str, int, int, float, bool]
POINT_COLUMNS = ("run_uuid", "key", "step", "timestamp", "value", "is_nan")
"""The columns in the order in which rows of one metric sort as in MLflow."""


def all_tags(new: Changes) -> Mapping[str, str]:
    """Return the tags with that of MLflow for the name of a new run."""
    return new.tags if new.begun is None else {**new.tags, MLFLOW_RUN_NAME: new.begun.name}


def key_rows(run_id: str, values: Mapping[str, str]) -> list[Row]:
    """Return the rows of a table of names and values, such as parameters or tags."""
    return [{"run_uuid": run_id, "key": key, "value": value} for key, value in values.items()]


def point_row(run_id: str, name: str, step: int, milliseconds: int, value: float) -> PointRow:
    """Return a point as MLflow saves it in SQL: NaN as a flagged zero, and infinity as the largest finite number."""
    if math.isnan(value):
        return run_id, name, step, milliseconds, 0.0, True
    return run_id, name, step, milliseconds, value if math.isfinite(value) else math.copysign(sys.float_info.max, value), False


def distinct_inputs(inputs: list[DatasetInput]) -> list[DatasetInput]:
    """Return the inputs without duplicates: of several with the same name and digest, only the first."""
    distinct: dict[tuple[str, str], DatasetInput] = {}
    for item in inputs:
        distinct.setdefault((item.dataset.name, item.dataset.digest), item)
    return list(distinct.values())


def is_plain(new: Changes) -> bool:
    """Return whether MLflow accepts every name and value unchanged, without rejecting or truncating it."""
    return (
        all(len(value) <= PARAM_LENGTH for value in new.params.values())
        and all(len(value) <= TAG_LENGTH for value in new.tags.values())
        and all(_is_plain_name(name) for name in (*new.params, *new.tags, *{point.name for point in new.points}))
    )


@lru_cache(maxsize=10_000)
def _is_plain_name(name: str) -> bool:
    return len(name) <= KEY_LENGTH and PLAIN_NAME.fullmatch(name) is not None and posixpath.normpath(name) == name
