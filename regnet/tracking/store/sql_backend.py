"""Write runs into an SQL store in bulk: the same rows as MLflow's client writes, with many runs in one transaction."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mlflow.entities import Dataset
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from regnet.tracking.store.retry import retried
from regnet.tracking.store.run_changes import Backend, Changes
from regnet.tracking.store.sql_rows import POINT_COLUMNS, PointRow, all_tags, distinct_inputs, is_plain, key_rows, point_row
from regnet.tracking.store.sql_tables import (
    DATASETS,
    INPUT_TAGS,
    INPUTS,
    LATEST,
    METRICS,
    PARAMS,
    RUNS,
    TAGS,
    Row,
    change,
    put,
    put_many,
    replace,
    sql_store,
)
from regnet.tracking.store.uri import artifact_errors

TRANSACTION = 50_000
"""Approximate number of points in a transaction; other processes wait until it is committed."""
SQLITE_CACHE = 65_536
"""SQLite's page cache in KiB: the default of 2 MB is too small for four indexes."""


def takes_bulk(client: MlflowClient, experiment: str) -> bool:
    """Return whether the store has the expected SQL tables, and the experiment's artifacts are files in a local folder."""
    return sql_store(client) is not None and Path(client.get_experiment(experiment).artifact_location).is_absolute()


class _Run(NamedTuple):
    run_id: str
    artifacts: str
    latest: dict[str, PointRow]
    """The last point of each metric in the store."""


class BulkBackend:
    """A backend that writes the rows of runs directly; the fallback writes existing runs, and values that need MLflow's checks.

    Args:
        client: MLflow's client of an SQL store.
        experiment: the id of the experiment.
        fallback: the backend for all other runs.
    """

    def __init__(self, client: MlflowClient, experiment: str, fallback: Backend) -> None:
        store = sql_store(client)
        assert store is not None
        self._session = store.ManagedSessionMaker
        self._uri = client.tracking_uri
        self._experiment = int(experiment)
        self._location = client.get_experiment(experiment).artifact_location
        self._fallback = fallback
        self._runs: dict[int, _Run] = {}
        self._datasets: dict[tuple[str, str], str] = {}
        self._failed = False
        """Whether the last attempt to write a transaction failed."""

    def adopt(self, run: int, run_id: str) -> None:
        location = f"{self._location}/{run_id}/artifacts"
        with self._session() as session:
            rows = session.connection().execute(select(LATEST).where(LATEST.c.run_uuid == run_id)).mappings()
            latest = {row["key"]: tuple(row[name] for name in POINT_COLUMNS) for row in rows}
            artifacts = session.connection().execute(select(RUNS.c.artifact_uri).where(RUNS.c.run_uuid == run_id)).scalar()
        if artifacts == location:
            self._runs[run] = _Run(run_id, location, latest)
        else:  # another process made it, elsewhere
            self._fallback.adopt(run, run_id)

    def delete(self, run_ids: Sequence[str]) -> None:
        self._fallback.delete(run_ids)

    def write(self, changes: list[Changes]) -> None:
        bulk: list[Changes] = []
        rest: list[Changes] = []
        for new in changes:
            (bulk if self._accepts(new) else rest).append(new)
        for new in bulk:
            with artifact_errors(lambda: self._location):
                _save_files(new, Path(self._runs[new.run].artifacts))
        for batch in _transactions(bulk):
            retried(self._uri, partial(self._commit, batch))
        if rest:
            retried(self._uri, partial(self._fallback.write, rest))

    def _commit(self, batch: list[Changes]) -> None:
        """Write changes in one transaction; if it fails, nothing is written or remembered, so that it can be tried again.

        An earlier attempt may have been committed although its reply was lost; then the changes are only remembered.
        """
        datasets = dict(self._datasets)
        latest = {new.run: dict(self._runs[new.run].latest) for new in batch}
        try:
            with self._session(read_only=False) as session:
                connection = session.connection()
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_CACHE}")
                if self._failed and self._is_committed(connection, batch):
                    for new in batch:
                        self._remember(new)
                else:
                    self._insert(connection, batch)
        except BaseException:
            self._failed = True
            self._datasets = datasets
            self._runs |= {run: self._runs[run]._replace(latest=points) for run, points in latest.items()}
            raise
        self._failed = False

    def _is_committed(self, connection: Connection, batch: list[Changes]) -> bool:
        """Return whether the store has a row that only this batch inserts."""
        for new in batch:
            run_id = self._runs[new.run].run_id
            if _is_fresh(new):
                return connection.execute(select(RUNS.c.run_uuid).where(RUNS.c.run_uuid == run_id)).first() is not None
            if new.points:
                point, columns = new.points[0], METRICS.c
                same = (columns.run_uuid == run_id, columns.key == point.name, columns.step == point.step)
                query = select(columns.run_uuid).where(*same, columns.timestamp == point.milliseconds)
                return connection.execute(query).first() is not None
        return False  # tags and the end of a run, which may be written twice

    def _accepts(self, new: Changes) -> bool:
        """Return whether this backend writes the changes; create the run if it is new, or pass it on to the fallback."""
        if not is_plain(new):
            if (run := self._runs.pop(new.run, None)) is not None:
                self._fallback.adopt(new.run, run.run_id)
            return False
        if _is_fresh(new):
            run_id = uuid.uuid4().hex
            self._runs[new.run] = _Run(run_id, f"{self._location}/{run_id}/artifacts", {})
        return new.run in self._runs

    def _insert(self, connection: Connection, changes: list[Changes]) -> None:
        put(connection, RUNS, self._run_rows(changes))
        known = [new for new in changes if new.begun is not None and new.begun.known]
        self._reopen(connection, known)
        self._insert_inputs(connection, self._without_inputs(connection, changes, known))
        fresh = [new for new in changes if _is_fresh(new)]
        old = [new for new in changes if not _is_fresh(new)]
        put(connection, PARAMS, self._param_rows(fresh))
        replace(connection, PARAMS, ("run_uuid", "key"), self._param_rows(old))
        tags = [row for new in changes for row in key_rows(self._runs[new.run].run_id, all_tags(new))]
        replace(connection, TAGS, ("run_uuid", "key"), tags)
        self._insert_points(connection, changes)
        ends = [(self._runs[new.run], new.ended) for new in changes if new.ended is not None]
        rows = [{"run_uuid": run.run_id, "status": end.status, "end_time": end.milliseconds} for run, end in ends]
        change(connection, RUNS, ["run_uuid"], rows)

    def _run_rows(self, changes: list[Changes]) -> Iterator[Row]:
        for new in changes:
            if new.begun is not None and not new.begun.known:
                yield {
                    "run_uuid": self._runs[new.run].run_id,
                    "name": new.begun.name,
                    "source_type": "UNKNOWN",
                    "source_name": "",
                    "entry_point_name": "",
                    "user_id": "unknown",
                    "status": "RUNNING",
                    "start_time": new.begun.milliseconds,
                    "source_version": "",
                    "lifecycle_stage": "active",
                    "artifact_uri": self._runs[new.run].artifacts,
                    "experiment_id": self._experiment,
                }

    def _param_rows(self, changes: list[Changes]) -> Iterator[Row]:
        return (row for new in changes for row in key_rows(self._runs[new.run].run_id, new.params))

    def _reopen(self, connection: Connection, known: list[Changes]) -> None:
        """Mark runs as running that an earlier process has begun, and remove the tags that say how they ended."""
        ids = [self._runs[new.run].run_id for new in known]
        change(connection, RUNS, ["run_uuid"], ({"run_uuid": run_id, "status": "RUNNING", "end_time": None} for run_id in ids))
        for new, run_id in zip(known, ids, strict=True):
            connection.execute(delete(TAGS).where(TAGS.c.run_uuid == run_id, TAGS.c.key.in_(new.removed_tags)))

    def _without_inputs(self, connection: Connection, changes: list[Changes], known: list[Changes]) -> list[Changes]:
        """The changes without those of runs whose inputs are in the store."""
        if not known:
            return changes
        ids = {self._runs[new.run].run_id: new.run for new in known}
        query = select(INPUTS.c.destination_id).where(INPUTS.c.destination_id.in_(ids))
        written = {ids[run_id] for (run_id,) in connection.execute(query)}
        return [new for new in changes if new.run not in written]

    def _insert_inputs(self, connection: Connection, changes: list[Changes]) -> None:
        pairs = [(self._runs[new.run].run_id, item) for new in changes if new.begun for item in distinct_inputs(new.begun.inputs)]
        self._insert_datasets(connection, [item.dataset for _, item in pairs])
        rows, tags = [], []
        for run_id, item in pairs:
            input_id = uuid.uuid4().hex
            rows.append(
                {
                    "input_uuid": input_id,
                    "source_type": "DATASET",
                    "source_id": self._datasets[item.dataset.name, item.dataset.digest],
                    "destination_type": "RUN",
                    "destination_id": run_id,
                }
            )
            tags += [{"input_uuid": input_id, "name": tag.key, "value": tag.value} for tag in item.tags]
        put(connection, INPUTS, rows)
        put(connection, INPUT_TAGS, tags)

    def _insert_datasets(self, connection: Connection, datasets: list[Dataset]) -> None:
        """Insert the data sets that the experiment does not have; other processes may insert the same ones meanwhile."""
        by_key = {(dataset.name, dataset.digest): dataset for dataset in datasets}
        self._find_datasets(connection, {name for name, digest in by_key if (name, digest) not in self._datasets})
        while missing := sorted(by_key.keys() - self._datasets.keys()):  # sorted, so that processes do not wait for each other
            new = {key: uuid.uuid4().hex for key in missing}
            try:
                with connection.begin_nested():
                    put(connection, DATASETS, (self._dataset_row(new[key], by_key[key]) for key in missing))
            except IntegrityError:
                known = len(self._datasets)
                self._find_datasets(connection, {name for name, _ in missing})
                if len(self._datasets) == known:
                    raise
            else:
                self._datasets |= new

    def _find_datasets(self, connection: Connection, names: set[str]) -> None:
        for name in names:
            query = select(DATASETS.c.name, DATASETS.c.digest, DATASETS.c.dataset_uuid)
            existing = connection.execute(query.where(DATASETS.c.experiment_id == self._experiment, DATASETS.c.name == name))
            self._datasets |= {(row.name, row.digest): row.dataset_uuid for row in existing}

    def _dataset_row(self, dataset_id: str, dataset: Dataset) -> Row:
        return {
            "dataset_uuid": dataset_id,
            "experiment_id": self._experiment,
            "name": dataset.name,
            "digest": dataset.digest,
            "dataset_source_type": dataset.source_type,
            "dataset_source": dataset.source,
            "dataset_schema": dataset.schema,
            "dataset_profile": dataset.profile,
        }

    def _insert_points(self, connection: Connection, changes: list[Changes]) -> None:
        """Insert all points, and update the table with the last point of each metric by step, time and value."""
        points: list[PointRow] = []
        first: list[PointRow] = []
        later: list[PointRow] = []
        for new in changes:
            run = self._runs[new.run]
            points += (point_row(run.run_id, *point) for point in new.points)
            before = dict(run.latest)
            self._remember(new)
            first += (row for name, row in run.latest.items() if name not in before)
            later += (row for name, row in run.latest.items() if name in before and row > before[name])
        # sorting by run is a third faster than sorting by name, although the table's key starts with the name
        put_many(connection, METRICS, POINT_COLUMNS, sorted(points))
        put_many(connection, LATEST, POINT_COLUMNS, first)
        change(connection, LATEST, ["run_uuid", "key"], (dict(zip(POINT_COLUMNS, row, strict=True)) for row in later))

    def _remember(self, new: Changes) -> None:
        """Record the last point of each metric."""
        run = self._runs[new.run]
        for row in (point_row(run.run_id, *point) for point in new.points):
            if row[1] not in run.latest or row > run.latest[row[1]]:
                run.latest[row[1]] = row


def _is_fresh(new: Changes) -> bool:
    """Return whether the run is not in the store yet."""
    return new.begun is not None and not new.begun.known


def _transactions(changes: list[Changes]) -> Iterator[list[Changes]]:
    """Split the changes into batches, each for one transaction."""
    batch: list[Changes] = []
    points = 0
    for new in changes:
        batch.append(new)
        points += len(new.points)
        if points > TRANSACTION:
            yield batch
            batch, points = [], 0
    if batch:
        yield batch


def _save_files(new: Changes, folder: Path) -> None:
    if new.files or new.report is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in new.files.items():
        (folder / name).write_bytes(content)
    if new.report is not None:
        shutil.copytree(new.report, folder / new.report.name, copy_function=shutil.copyfile, dirs_exist_ok=True)
