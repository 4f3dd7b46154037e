"""Runs as a tidy pandas table, for use in notebooks: a row for each run, or for each epoch of each run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.tracking.read.columns import EPOCH, RUN_COLUMNS, explain
from regnet.tracking.read.params import Value, value_of
from regnet.tracking.read.studies import FINAL, measured
from regnet.tracking.store.store import History, Store, TrackedRun

TIME = "time/"
DTYPES: dict[type, str] = {bool: "boolean", int: "Int64", float: "Float64", str: "string"}
"""pandas' types that support missing values."""


def runs_frame(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """Return a table with a row for each run: its description, parameters by dotted name, final metrics, and times in seconds.

    Values that a run does not have are missing, such as the parameters of another optimizer, or the metrics of a failed run.
    Parameters that do not influence the results are left out. Its `attrs` explain the columns: see `regnet.load_results`.
    """
    return _explained(pd.concat([_descriptions(runs), _params(runs), _metrics(runs)], axis=1), runs)


def epochs_frame(store: Store, runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """Return a table with a row for each run and epoch, from 1: its description, parameters, and the metrics after that epoch.

    A run without metrics of any epoch, such as one that failed in the first, has one row, in which the epoch and all metrics are
    missing.
    """
    histories = store.histories(runs, measured(runs))
    tables = [_epochs(histories[run.run_id]).assign(run=index) for index, run in enumerate(runs)]
    epochs = pd.concat(tables, ignore_index=True)
    repeated = pd.concat([_descriptions(runs), _params(runs)], axis=1).iloc[epochs["run"]].reset_index(drop=True)
    return _explained(pd.concat([repeated, epochs.drop(columns="run")], axis=1), runs)


def _epochs(history: History) -> pd.DataFrame:
    columns = {name: pd.Series(values, dtype="float64") for name, values in sorted(history.items())}
    count = max(map(len, columns.values()), default=0)
    epochs = range(1, count + 1) if count else [None]
    return pd.DataFrame({EPOCH: pd.Series(epochs, dtype="Int64"), **columns})


def _explained(frame: pd.DataFrame, runs: Sequence[TrackedRun]) -> pd.DataFrame:
    """Return the table with the meanings and units of its columns in its `attrs`; they are flat, since pandas copies them often."""
    found = explain(frame.columns, runs)
    frame.attrs["columns"] = {name: meaning for name, (meaning, _) in found.items()}
    frame.attrs["units"] = {name: unit for name, (_, unit) in found.items() if unit}
    return frame


def _descriptions(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    columns = {name: pd.Series([column.read(run) for run in runs], dtype=column.dtype) for name, column in RUN_COLUMNS.items()}
    return pd.DataFrame(columns)


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
    """Return the names in all mappings without duplicates, in the order of their first appearance."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _typed(values: Sequence[Value]) -> pd.Series[Any]:
    """Return a column of the narrowest type that fits all values: strings for values of different types."""
    dtype = _dtype(values)
    as_strings = dtype == DTYPES[str]
    return pd.Series([str(value) if as_strings and value is not None else value for value in values], dtype=dtype)


def _dtype(values: Iterable[object]) -> str:
    types = {type(value) for value in values if value is not None}
    if types == {int, float}:
        return DTYPES[float]
    return DTYPES[types.pop()] if len(types) == 1 else DTYPES[str]
