"""Runs as a tidy table, for people's own notebooks: a row for each run, or for each of its epochs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.tracking.read.params import Value, value_of
from regnet.tracking.read.studies import FINAL, measured
from regnet.tracking.store.messages import LABEL
from regnet.tracking.store.store import Store, TrackedRun

TIME = "time/"
DTYPES: dict[type, str] = {bool: "boolean", int: "Int64", float: "Float64", str: "string"}
"""pandas' types that know of missing values."""


def runs_frame(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """A row for each run: what it is and how it ended, its parameters by dotted name, its metrics after the last epoch, its time.

    What a run does not have, such as another optimizer's parameter or the metrics of a run that failed, is missing. Parameters that
    have no influence on the numbers are left out.
    """
    return pd.concat([_what(runs), _params(runs), _metrics(runs)], axis=1)


def epochs_frame(store: Store, runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """A row for each run and epoch, from 1: the same columns, but with the metrics after that epoch."""
    histories = store.histories(runs, measured(runs))
    tables = []
    for place, run in enumerate(runs):
        columns = {name: pd.Series(values) for name, values in sorted(histories[run.run_id].items())}
        one = pd.DataFrame(columns).rename_axis("epoch").reset_index().assign(run=place)
        tables.append(one)
    epochs = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"run": [], "epoch": []})
    about = pd.concat([_what(runs), _params(runs)], axis=1).iloc[epochs["run"]].reset_index(drop=True)
    epochs["epoch"] += 1
    return pd.concat([about, epochs.drop(columns="run")], axis=1)


def _what(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {
        "run_id": [run.run_id for run in runs],
        "experiment": [run.experiment for run in runs],
        "launch": [run.launch for run in runs],
        "study": [run.tags["regnet.study_name"] for run in runs],
        "label": [run.tags.get(LABEL) for run in runs],
        "identity": [run.study for run in runs],
        "seed": [run.seed for run in runs],
        "status": [run.status for run in runs],
        "failure": [run.failure for run in runs],
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype=_dtype(values)) for name, values in columns.items()})
    frame["started"] = pd.to_datetime([run.start for run in runs], unit="ms", utc=True)
    return frame


def _params(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    hidden = SEED_KEYS | PRESENTATION_KEYS
    names = [name for name in _names(run.params for run in runs) if name.partition(".")[0] not in hidden]
    values = {name: [value_of(run.params[name]) if name in run.params else None for run in runs] for name in names}
    return pd.DataFrame({name: _typed(column) for name, column in values.items()}, index=range(len(runs)))


def _metrics(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    names = [name for name in _names(run.metrics for run in runs) if name.startswith((FINAL, TIME))]
    names.sort(key=lambda name: (name.startswith(TIME), name))
    values = {name.removeprefix(FINAL): [run.metrics.get(name) for run in runs] for name in names}
    return pd.DataFrame({name: pd.Series(column, dtype="float64") for name, column in values.items()}, index=range(len(runs)))


def _names(mappings: Iterable[Iterable[str]]) -> list[str]:
    """The names that are in any of them, in the order in which they first come."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _typed(values: Sequence[Value]) -> pd.Series[Any]:
    """A column of the narrowest type that takes all values: as texts where they are of different kinds."""
    dtype = _dtype(values)
    texts = dtype == DTYPES[str]
    return pd.Series([str(value) if texts and value is not None else value for value in values], dtype=dtype)


def _dtype(values: Iterable[object]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return DTYPES[float]
    return DTYPES[kinds.pop()] if len(kinds) == 1 else DTYPES[str]
