"""Writing runs into an SQL store in bulk: the rows that MLflow's client would write, many runs to a transaction."""

from __future__ import annotations

import math
import posixpath
import re
import shutil
import sys
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from mlflow.entities import Dataset, DatasetInput
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from sqlalchemy import Connection, select

from regnet.tracking.store.messages import TAG_LENGTH
from regnet.tracking.store.run_changes import Backend, Changes
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

TRANSACTION = 50_000
"""About how many points are written at once: other processes wait meanwhile."""
SQLITE_CACHE = 65_536
"""In KiB: SQLite's own 2 MB hold too little of four indexes."""
KEY_LENGTH, PARAM_LENGTH = 250, 500
"""Up to here every version of MLflow takes a text as it is."""
PLAIN_NAME = re.compile(r"[\w.\- /]+")


def takes_bulk(client: MlflowClient, experiment: str) -> bool:
    """Whether the store is SQL of the form that is known here, and artifacts are files in a folder."""
    return sql_store(client) is not None and Path(client.get_experiment(experiment).artifact_location).is_absolute()


_PointRow: TypeAlias = tuple[str, str, int, int, float, bool]
POINT_COLUMNS = ("run_uuid", "key", "step", "timestamp", "value", "is_nan")
"""In the order in which two rows of one metric compare as MLflow compares them."""


class _Run(NamedTuple):
    identity: str
    artifacts: str
    latest: dict[str, _PointRow]
    """The last point of each metric, as it is in the store."""


class BulkBackend:
    """Writes the rows of the runs that it begins itself; other runs, and what is unusual, it leaves to another backend."""

    def __init__(self, client: MlflowClient, experiment: str, other: Backend) -> None:
        store = sql_store(client)
        assert store is not None
        self._session = store.ManagedSessionMaker
        self._experiment = int(experiment)
        self._location = client.get_experiment(experiment).artifact_location
        self._other = other
        self._runs: dict[int, _Run] = {}
        self._datasets: dict[tuple[str, str], str] = {}

    def adopt(self, run: int, run_id: str) -> None:
        self._other.adopt(run, run_id)

    def write(self, changes: list[Changes]) -> None:
        mine: list[Changes] = []
        others: list[Changes] = []
        for new in changes:
            (mine if self._takes(new) else others).append(new)
        for new in mine:
            _keep_files(new, Path(self._runs[new.run].artifacts))
        for part in _parts(mine):
            with self._session(read_only=False) as session:
                connection = session.connection()
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_CACHE}")
                self._insert(connection, part)
        if others:
            self._other.write(others)

    def _takes(self, new: Changes) -> bool:
        """Whether the run is one of those begun here, from now on if it is new, and nothing about it is unusual."""
        if not _is_plain(new):
            if (known := self._runs.pop(new.run, None)) is not None:
                self._other.adopt(new.run, known.identity)
            return False
        if new.begun is not None:
            identity = uuid.uuid4().hex
            self._runs[new.run] = _Run(identity, f"{self._location}/{identity}/artifacts", {})
        return new.run in self._runs

    def _insert(self, connection: Connection, changes: list[Changes]) -> None:
        put(connection, RUNS, self._run_rows(changes))
        self._insert_inputs(connection, changes)
        put(connection, PARAMS, (row for new in changes for row in _texts(self._runs[new.run], new.params)))
        tags = [row for new in changes for row in _texts(self._runs[new.run], _all_tags(new))]
        replace(connection, TAGS, ("run_uuid", "key"), tags)
        self._insert_points(connection, changes)
        ends = [(self._runs[new.run], new.ended) for new in changes if new.ended is not None]
        rows = [{"run_uuid": run.identity, "status": end.status, "end_time": end.milliseconds} for run, end in ends]
        change(connection, RUNS, ["run_uuid"], rows)

    def _run_rows(self, changes: list[Changes]) -> Iterator[Row]:
        for new in changes:
            if new.begun is not None:
                yield {
                    "run_uuid": self._runs[new.run].identity,
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

    def _insert_inputs(self, connection: Connection, changes: list[Changes]) -> None:
        given = [(self._runs[new.run].identity, one) for new in changes if new.begun for one in _distinct(new.begun.inputs)]
        self._insert_datasets(connection, [one.dataset for _, one in given])
        inputs, tags = [], []
        for run_id, one in given:
            identity = uuid.uuid4().hex
            source = self._datasets[one.dataset.name, one.dataset.digest]
            inputs.append(
                {
                    "input_uuid": identity,
                    "source_type": "DATASET",
                    "source_id": source,
                    "destination_type": "RUN",
                    "destination_id": run_id,
                }
            )
            tags += [{"input_uuid": identity, "name": tag.key, "value": tag.value} for tag in one.tags]
        put(connection, INPUTS, inputs)
        put(connection, INPUT_TAGS, tags)

    def _insert_datasets(self, connection: Connection, datasets: list[Dataset]) -> None:
        """Those that the experiment does not have; only one process at a time can be here, since it has inserted runs before."""
        new = {(one.name, one.digest): one for one in datasets if (one.name, one.digest) not in self._datasets}
        for name in {name for name, _ in new}:
            asked = select(DATASETS.c.name, DATASETS.c.digest, DATASETS.c.dataset_uuid)
            there = connection.execute(asked.where(DATASETS.c.experiment_id == self._experiment, DATASETS.c.name == name))
            self._datasets |= {(row.name, row.digest): row.dataset_uuid for row in there}
        missing = {key: one for key, one in new.items() if key not in self._datasets}
        self._datasets |= {key: uuid.uuid4().hex for key in missing}
        put(connection, DATASETS, (self._dataset_row(self._datasets[key], one) for key, one in missing.items()))

    def _dataset_row(self, identity: str, dataset: Dataset) -> Row:
        return {
            "dataset_uuid": identity,
            "experiment_id": self._experiment,
            "name": dataset.name,
            "digest": dataset.digest,
            "dataset_source_type": dataset.source_type,
            "dataset_source": dataset.source,
            "dataset_schema": dataset.schema,
            "dataset_profile": dataset.profile,
        }

    def _insert_points(self, connection: Connection, changes: list[Changes]) -> None:
        """All points, and for each metric the last one by step, time and value once more in a table of its own."""
        every: list[_PointRow] = []
        first: list[_PointRow] = []
        later: list[_PointRow] = []
        for new in changes:
            run = self._runs[new.run]
            rows = [_point_row(run.identity, *point) for point in new.points]
            last: dict[str, _PointRow] = {}
            for row in rows:
                if row[1] not in last or row > last[row[1]]:
                    last[row[1]] = row
            every += rows
            first += (row for name, row in last.items() if name not in run.latest)
            later += (row for name, row in last.items() if name in run.latest and row > run.latest[name])
            run.latest.update((name, max(row, run.latest.get(name, row))) for name, row in last.items())
        put_many(
            connection, METRICS, POINT_COLUMNS, sorted(every)
        )  # by run: a third quicker than by name, which comes first in the key
        put_many(connection, LATEST, POINT_COLUMNS, first)
        change(connection, LATEST, ["run_uuid", "key"], (dict(zip(POINT_COLUMNS, row, strict=True)) for row in later))


def _parts(changes: list[Changes]) -> Iterator[list[Changes]]:
    """The changes a transaction's worth at a time."""
    part: list[Changes] = []
    points = 0
    for new in changes:
        part.append(new)
        points += len(new.points)
        if points > TRANSACTION:
            yield part
            part, points = [], 0
    if part:
        yield part


def _keep_files(new: Changes, folder: Path) -> None:
    if new.files or new.report is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in new.files.items():
        (folder / name).write_bytes(content)
    if new.report is not None:
        shutil.copytree(new.report, folder / new.report.name, copy_function=shutil.copyfile, dirs_exist_ok=True)


def _all_tags(new: Changes) -> Mapping[str, str]:
    return new.tags if new.begun is None else {**new.tags, MLFLOW_RUN_NAME: new.begun.name}


def _texts(run: _Run, texts: Mapping[str, str]) -> list[Row]:
    return [{"run_uuid": run.identity, "key": key, "value": value} for key, value in texts.items()]


def _point_row(run_id: str, name: str, step: int, milliseconds: int, value: float) -> _PointRow:
    """A point as SQL can hold it: "not a number" is a zero with a mark, and infinity the largest number there is."""
    if math.isnan(value):
        return run_id, name, step, milliseconds, 0.0, True
    return run_id, name, step, milliseconds, value if math.isfinite(value) else math.copysign(sys.float_info.max, value), False


def _distinct(inputs: list[DatasetInput]) -> list[DatasetInput]:
    """The first of those that have the same name and digest."""
    found: dict[tuple[str, str], DatasetInput] = {}
    for one in inputs:
        found.setdefault((one.dataset.name, one.dataset.digest), one)
    return list(found.values())


def _is_plain(new: Changes) -> bool:
    """Whether MLflow would take every name and text as it is, with nothing to refuse or to cut off."""
    return (
        all(len(value) <= PARAM_LENGTH for value in new.params.values())
        and all(len(value) <= TAG_LENGTH for value in new.tags.values())
        and all(_is_plain_name(name) for name in (*new.params, *new.tags, *{point.name for point in new.points}))
    )


@lru_cache(maxsize=10_000)
def _is_plain_name(name: str) -> bool:
    return len(name) <= KEY_LENGTH and PLAIN_NAME.fullmatch(name) is not None and posixpath.normpath(name) == name
