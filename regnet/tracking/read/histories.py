"""Reading what many runs measured, epoch by epoch: in a query or two where the store is SQL, else run by run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import MlflowClient
from sqlalchemy import case, select

from regnet.tracking.read.runs import TrackedRun
from regnet.tracking.store.sql_tables import METRICS, sql_store

History: TypeAlias = Mapping[str, np.ndarray]
"""For each metric its values in the order of their steps."""

RUNS_PER_QUERY = 500
"""Databases take so many values in a query, and not all of them more."""
ROWS_AT_ONCE = 10_000
REQUESTS = 8
"""How many requests a server is sent at once."""


def read_histories(client: MlflowClient, runs: Sequence[TrackedRun], names: set[str]) -> Mapping[str, History]:
    """The histories of those metrics that a run has, for each run by its identity."""
    store = sql_store(client)
    if store is not None:
        return _from_sql(store, [run.run_id for run in runs], names)
    with ThreadPoolExecutor(REQUESTS) as pool:
        found = pool.map(lambda run: _from_client(client, run, names), runs)
        return {run.run_id: history for run, history in zip(runs, found, strict=True)}


def _from_sql(store: SqlAlchemyStore, run_ids: Sequence[str], names: set[str]) -> Mapping[str, History]:
    found: dict[tuple[str, str], dict[int, float | None]] = defaultdict(dict)
    columns = METRICS.c
    number = case((columns.is_nan, None), else_=columns.value)
    asked = select(columns.run_uuid, columns.key, columns.step, number).where(columns.key.in_(names))
    with store.ManagedSessionMaker() as session:
        for start in range(0, len(run_ids), RUNS_PER_QUERY):
            chosen = columns.run_uuid.in_(run_ids[start : start + RUNS_PER_QUERY])
            rows = session.connection().execute(asked.where(chosen))
            for part in rows.partitions(ROWS_AT_ONCE):
                for run_id, name, step, value in part:
                    found[run_id, name][step] = value
    histories: dict[str, dict[str, np.ndarray]] = {run_id: {} for run_id in run_ids}
    for (run_id, name), points in found.items():
        histories[run_id][name] = _values(points)
    return histories


def _from_client(client: MlflowClient, run: TrackedRun, names: set[str]) -> History:
    return {
        name: _values({point.step: point.value for point in client.get_metric_history(run.run_id, name)})
        for name in names & set(run.metrics)
    }


def _values(points: Mapping[int, float | None]) -> np.ndarray:
    """The values of the epochs 1, 2, … that are the steps; NaN where an epoch has none, since the metric was undefined."""
    values = np.full(max(points, default=0), np.nan)
    for step, value in points.items():
        values[step - 1] = np.nan if value is None else value
    return values
