"""Runs as a store has them, many at once: what was asked of each and what it came to, but not how it went epoch by epoch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from mlflow.entities import Experiment, Run
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, Select, Table, case, select

from regnet.errors import TrackingError
from regnet.tracking.store.connect import PAGE, existing_experiment
from regnet.tracking.store.sql_tables import LATEST, PARAMS, RUNS, TAGS, sql_store

ROLE = {"regnet.role": "run"}
"""The tag that tells regnet's runs from those that sum up a study, and from other people's."""
SUMMARY = {"regnet.role": "summary"}
"""The tag of those that sum up a study."""


@dataclass(frozen=True)
class TrackedRun:
    """One of regnet's runs: one training with one seed."""

    run_id: str
    experiment: str
    """The experiment's name."""
    status: str
    """As MLflow has it: FINISHED, FAILED, KILLED or RUNNING."""
    start: int
    """In milliseconds since 1970."""
    artifacts: str
    """Where its files are."""
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    """The last value of each."""

    @property
    def study(self) -> str:
        """The identity of its study."""
        return self.tags["regnet.study"]

    @property
    def seed(self) -> int:
        """What it has of its own among the runs of its study."""
        return int(self.tags["regnet.seed"])

    @property
    def launch(self) -> str:
        """What it was started with."""
        return self.tags["regnet.launch"]

    @property
    def finished(self) -> bool:
        """Whether it was trained to the end."""
        return self.status == "FINISHED"

    @property
    def failure(self) -> str | None:
        """Why it was not trained to the end, if it was not."""
        return None if self.finished else self.tags.get("regnet.failure", self.status.lower())


def experiments(client: MlflowClient, name: str | None = None) -> dict[str, str]:
    """The names of all experiments by their identities; of the one called `name` alone, if given.

    Raises:
        TrackingError: there is none of that name.
    """
    if name is not None:
        return {existing_experiment(client, name): name}
    return {str(experiment.experiment_id): str(experiment.name) for experiment in _every_experiment(client)}


def find_runs(client: MlflowClient, within: Mapping[str, str], tags: Mapping[str, str]) -> list[TrackedRun]:
    """The runs of some experiments, given as by `experiments`, that have all of these tags, in the order of their start.

    Raises:
        TrackingError: a tag cannot be asked for.
    """
    store = sql_store(client)
    found = _from_client(client, within, tags) if store is None else _from_sql(store, within, tags)
    return sorted(found, key=lambda run: (run.start, run.run_id))


def tag_values(client: MlflowClient, within: Mapping[str, str], keys: Iterable[str]) -> set[str]:
    """All values that these tags have in regnet's runs."""
    store = sql_store(client)
    if store is None:
        return {run.tags[key] for run in _from_client(client, within, ROLE) for key in keys if key in run.tags}
    asked = select(TAGS.c.value).where(TAGS.c.key.in_(list(keys)), TAGS.c.run_uuid.in_(_chosen(within, ROLE))).distinct()
    with store.ManagedSessionMaker() as session:
        return {str(value) for (value,) in session.connection().execute(asked)}


def _every_experiment(client: MlflowClient) -> Iterator[Experiment]:
    token = None
    while True:
        page = client.search_experiments(page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _chosen(within: Mapping[str, str], tags: Mapping[str, str]) -> Select[tuple[str]]:
    asked = select(RUNS.c.run_uuid).where(
        RUNS.c.experiment_id.in_([int(identity) for identity in within]), RUNS.c.lifecycle_stage == "active"
    )
    for key, value in tags.items():
        asked = asked.where(RUNS.c.run_uuid.in_(select(TAGS.c.run_uuid).where(TAGS.c.key == key, TAGS.c.value == value)))
    return asked


def _from_sql(store: SqlAlchemyStore, within: Mapping[str, str], tags: Mapping[str, str]) -> Iterator[TrackedRun]:
    chosen, columns = _chosen(within, tags), RUNS.c
    asked = select(columns.run_uuid, columns.experiment_id, columns.status, columns.start_time, columns.artifact_uri)
    with store.ManagedSessionMaker() as session:
        connection = session.connection()
        runs = connection.execute(asked.where(columns.run_uuid.in_(chosen))).all()
        its_tags, its_params, its_metrics = (_by_run(connection, table, chosen) for table in (TAGS, PARAMS, LATEST))
    for run_id, experiment, status, start, artifacts in runs:
        numbers = {key: nan if value is None else value for key, value in its_metrics.get(run_id, {}).items()}
        own = (its_tags.get(run_id, {}), its_params.get(run_id, {}), numbers)
        yield TrackedRun(run_id, within[str(experiment)], status, start, artifacts, *own)


def _by_run(connection: Connection, table: Table, chosen: Select[tuple[str]]) -> dict[str, dict[str, Any]]:
    """The keys and values of a table for each of the chosen runs; nothing for a value that is not a number."""
    columns = table.c
    value = case((columns.is_nan, None), else_=columns.value) if "is_nan" in columns else columns.value
    found: dict[str, dict[str, Any]] = {}
    for run_id, key, one in connection.execute(select(columns.run_uuid, columns.key, value).where(columns.run_uuid.in_(chosen))):
        found.setdefault(run_id, {})[key] = one
    return found


def _from_client(client: MlflowClient, within: Mapping[str, str], tags: Mapping[str, str]) -> Iterator[TrackedRun]:
    words, token = " and ".join(f"tags.`{key}` = {_quoted(value)}" for key, value in tags.items()), None
    while True:
        page = client.search_runs(list(within), words, max_results=PAGE, page_token=token)
        yield from (_tracked(run, within) for run in page)
        token = page.token
        if not token:
            return


def _quoted(value: str) -> str:
    """A text as MLflow's search takes it."""
    if "'" in value and '"' in value:
        raise TrackingError(f"MLflow cannot search for {value!r}, which has both kinds of quotation marks")
    return f'"{value}"' if "'" in value else f"'{value}'"


def _tracked(run: Run, within: Mapping[str, str]) -> TrackedRun:
    info, data = run.info, run.data
    experiment = within[info.experiment_id]
    return TrackedRun(
        info.run_id, experiment, info.status, info.start_time, info.artifact_uri, data.tags, data.params, data.metrics
    )


def read_artifact(client: MlflowClient, run_id: str, location: str, name: str) -> bytes:
    """What is in a file of a run's, whose files are at that location."""
    there = Path(location) / name
    if there.is_file():
        return there.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run_id, name, folder)).read_bytes()
