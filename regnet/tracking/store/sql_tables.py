"""MLflow's SQL tables with the columns that regnet expects, and functions that write many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from mlflow.store.tracking.dbmodels.models import (
    SqlDataset,
    SqlInput,
    SqlInputTag,
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, Table, bindparam, delete, insert, update

Row: TypeAlias = Mapping[str, Any]

RUNS: Table = SqlRun.__table__
TAGS: Table = SqlTag.__table__
PARAMS: Table = SqlParam.__table__
METRICS: Table = SqlMetric.__table__
LATEST: Table = SqlLatestMetric.__table__
DATASETS: Table = SqlDataset.__table__
INPUTS: Table = SqlInput.__table__
INPUT_TAGS: Table = SqlInputTag.__table__

COLUMNS = {
    RUNS: (
        "run_uuid name source_type source_name entry_point_name user_id status start_time end_time deleted_time "
        "source_version lifecycle_stage artifact_uri experiment_id"
    ),
    TAGS: "key value run_uuid",
    PARAMS: "key value run_uuid",
    METRICS: "key value timestamp step is_nan run_uuid",
    LATEST: "key value timestamp step is_nan run_uuid",
    DATASETS: "dataset_uuid experiment_id name digest dataset_source_type dataset_source dataset_schema dataset_profile",
    INPUTS: "input_uuid source_type source_id destination_type destination_id step",
    INPUT_TAGS: "input_uuid name value",
}


def sql_store(client: MlflowClient) -> SqlAlchemyStore | None:
    """Return the client's store if it is SQL without workspaces and every table has the expected columns; otherwise None."""
    tracking = getattr(client, "_tracking_client", None)
    store = getattr(tracking, "store", None)
    as_expected = all(set(table.columns.keys()) == set(names.split()) for table, names in COLUMNS.items())
    return store if type(store) is SqlAlchemyStore and as_expected else None


def put(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert new rows."""
    if rows := list(rows):
        connection.execute(insert(table), rows)


def put_many(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert new rows, each a tuple in the order of `columns`, as fast as the database's driver can."""
    if not rows:
        return
    statement = insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    if statement.positiontup:
        reorder = itemgetter(*map(columns.index, statement.positiontup))
        connection.exec_driver_sql(str(statement), list(map(reorder, rows)))
    else:
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])


def change(connection: Connection, table: Table, keys: Sequence[str], rows: Iterable[Row]) -> None:
    """Update existing rows, found by the columns `keys`."""
    if rows := list(rows):
        chosen = [table.c[key] == bindparam(f"key_{key}") for key in keys]
        parameters = [{f"key_{name}" if name in keys else name: value for name, value in row.items()} for row in rows]
        connection.execute(update(table).where(*chosen), parameters)


def replace(connection: Connection, table: Table, keys: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows, after deleting existing rows with the same values in the columns `keys`."""
    if rows := list(rows):
        chosen = [table.c[key] == bindparam(f"key_{key}") for key in keys]
        connection.execute(delete(table).where(*chosen), [{f"key_{key}": row[key] for key in keys} for row in rows])
        put(connection, table, rows)
