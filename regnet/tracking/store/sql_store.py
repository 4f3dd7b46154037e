"""A store that is read and written through its SQL tables, about a hundred times as fast as through MLflow's client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import Connection, Select, Table, case, select

from regnet.tracking.store.client_store import ClientStore, by_epoch
from regnet.tracking.store.messages import FAILURE, LAUNCH_ID, ModelsWanted
from regnet.tracking.store.run_changes import Backend
from regnet.tracking.store.sql_backend import BulkBackend, takes_bulk
from regnet.tracking.store.sql_tables import LATEST, METRICS, PARAMS, RUNS, TAGS, change, replace
from regnet.tracking.store.store import ROLE, ChooseTags, Experiments, History, Tags, TrackedRun, with_heartbeats

RUNS_PER_QUERY = 500
"""Number of values in a query that every database accepts."""
ROWS_AT_ONCE = 10_000


class SqlStore:
    """A store with MLflow's SQL tables; operations that need not be fast use MLflow's client.

    Args:
        tables: MLflow's store object, which provides database sessions.
        public: the same store through MLflow's client.
    """

    def __init__(self, tables: SqlAlchemyStore, public: ClientStore) -> None:
        self._session = tables.ManagedSessionMaker
        self._public = public

    def experiments(self, name: str | None = None) -> Experiments:
        return self._public.experiments(name)

    def make_experiment(self, name: str, artifacts: str | None = None) -> str:
        return self._public.make_experiment(name, artifacts)

    def experiment_tag(self, experiment: str, key: str) -> str | None:
        return self._public.experiment_tag(experiment, key)

    def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
        self._public.set_experiment_tag(experiment, key, value)

    def newest_run(self, within: Experiments) -> TrackedRun | None:
        return self._public.newest_run(within)

    def artifact(self, run: TrackedRun, name: str) -> bytes:
        return self._public.artifact(run, name)

    def keep_models(self, experiment: str, wanted: ModelsWanted) -> None:
        self._public.keep_models(experiment, wanted)

    def backend(self, experiment: str) -> Backend:
        public = self._public.backend(experiment)
        client = self._public.client
        return BulkBackend(client, experiment, public) if takes_bulk(client, experiment) else public

    def find_runs(self, within: Experiments, tags: Tags) -> list[TrackedRun]:
        return with_heartbeats(self._runs(within, _chosen(within, tags)))

    def running_runs(self, within: Experiments) -> list[TrackedRun]:
        return with_heartbeats(self._runs(within, _chosen(within, ROLE).where(RUNS.c.status == "RUNNING")))

    def _runs(self, within: Experiments, chosen: Select[tuple[str]]) -> Iterator[TrackedRun]:
        columns = RUNS.c
        query = select(columns.run_uuid, columns.experiment_id, columns.status, columns.start_time, columns.artifact_uri)
        with self._session() as session:
            connection = session.connection()
            runs = connection.execute(query.where(columns.run_uuid.in_(chosen))).all()
            run_tags, run_params, run_metrics = (_by_run(connection, table, chosen) for table in (TAGS, PARAMS, LATEST))
        for run_id, experiment, status, start, artifacts in runs:
            metrics = {key: nan if value is None else value for key, value in run_metrics.get(run_id, {}).items()}
            texts = (run_tags.get(run_id, {}), run_params.get(run_id, {}))
            yield TrackedRun(run_id, within[str(experiment)], status, start, artifacts, *texts, metrics)

    def tag_values(self, within: Experiments, keys: Iterable[str]) -> set[str]:
        query = select(TAGS.c.value).where(TAGS.c.key.in_(list(keys)), TAGS.c.run_uuid.in_(_chosen(within, ROLE))).distinct()
        with self._session() as session:
            return {str(value) for (value,) in session.connection().execute(query)}

    def histories(self, runs: Sequence[TrackedRun], names: set[str]) -> Mapping[str, History]:
        by_metric: dict[tuple[str, str], dict[int, float | None]] = defaultdict(dict)
        columns = METRICS.c
        number = case((columns.is_nan, None), else_=columns.value)
        query = select(columns.run_uuid, columns.key, columns.step, number).where(columns.key.in_(names))
        run_ids = [run.run_id for run in runs]
        with self._session() as session:
            for start in range(0, len(run_ids), RUNS_PER_QUERY):
                chosen = columns.run_uuid.in_(run_ids[start : start + RUNS_PER_QUERY])
                rows = session.connection().execute(query.where(chosen))
                for part in rows.partitions(ROWS_AT_ONCE):
                    for run_id, name, step, value in part:
                        by_metric[run_id, name][step] = value
        histories: dict[str, dict[str, np.ndarray]] = {run_id: {} for run_id in run_ids}
        for (run_id, name), points in by_metric.items():
            histories[run_id][name] = by_epoch(points)
        return histories

    def tag_runs(self, experiment: str, launch_id: str, choose: ChooseTags) -> None:
        of_launch, of_study, of_seed = (TAGS.alias(name) for name in ("of_launch", "of_study", "of_seed"))
        query = (
            select(RUNS.c.run_uuid, of_study.c.value, of_seed.c.value)
            .join(of_launch, (of_launch.c.run_uuid == RUNS.c.run_uuid) & (of_launch.c.key == LAUNCH_ID))
            .join(of_study, (of_study.c.run_uuid == RUNS.c.run_uuid) & (of_study.c.key == "regnet.study"))
            .join(of_seed, (of_seed.c.run_uuid == RUNS.c.run_uuid) & (of_seed.c.key == "regnet.seed"))
            .where(RUNS.c.experiment_id == int(experiment), of_launch.c.value == launch_id)
        )
        with self._session(read_only=False) as session:
            connection = session.connection()
            chosen = [(run, choose(study, seed)) for run, study, seed in connection.execute(query)]
            rows = [{"run_uuid": run, "key": key, "value": value} for run, tags in chosen for key, value in (tags or {}).items()]
            replace(connection, TAGS, ("run_uuid", "key"), rows)

    def kill_runs(self, runs: Sequence[TrackedRun], reason: str, milliseconds: int) -> None:
        ends = [{"run_uuid": run.run_id, "status": "KILLED", "end_time": milliseconds} for run in runs]
        tags = [{"run_uuid": run.run_id, "key": FAILURE, "value": reason} for run in runs]
        with self._session(read_only=False) as session:
            connection = session.connection()
            change(connection, RUNS, ["run_uuid"], ends)
            replace(connection, TAGS, ("run_uuid", "key"), tags)


def _chosen(within: Experiments, tags: Tags) -> Select[tuple[str]]:
    """Return a query for the ids of the active runs of some experiments that have all of these tags."""
    query = select(RUNS.c.run_uuid).where(
        RUNS.c.experiment_id.in_([int(experiment) for experiment in within]), RUNS.c.lifecycle_stage == "active"
    )
    for key, value in tags.items():
        query = query.where(RUNS.c.run_uuid.in_(select(TAGS.c.run_uuid).where(TAGS.c.key == key, TAGS.c.value == value)))
    return query


def _by_run(connection: Connection, table: Table, chosen: Select[tuple[str]]) -> dict[str, dict[str, Any]]:
    """Return the keys and values of a table for each of the chosen runs; None for a value that is NaN."""
    columns = table.c
    number = case((columns.is_nan, None), else_=columns.value) if "is_nan" in columns else columns.value
    query = select(columns.run_uuid, columns.key, number).where(columns.run_uuid.in_(chosen))
    values: dict[str, dict[str, Any]] = {}
    for run_id, key, value in connection.execute(query):
        values.setdefault(run_id, {})[key] = value
    return values
