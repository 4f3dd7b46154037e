"""What MLflow's UI shows of a launch: its view, what its studies are called, and the experiment's description."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from mlflow.entities import RunTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import MlflowClient
from sqlalchemy import select

from regnet.tracking.store.connect import search
from regnet.tracking.store.messages import LaunchSummed
from regnet.tracking.store.sql_tables import RUNS, TAGS, replace, sql_store
from regnet.tracking.ui.links import launch_links
from regnet.tracking.ui.notes import link, with_block
from regnet.tracking.ui.view import BEST, LABEL, NOTE, TAG_LENGTH, view_state, view_tag

REQUESTS = 8
"""How many requests a server is sent at once."""

Tags: TypeAlias = Mapping[str, str]


def show_view(client: MlflowClient, experiment: str, launch: str) -> None:
    """Puts the view of a launch into its experiment, unless it is there."""
    if view_tag(launch) not in client.get_experiment(experiment).tags:
        client.set_experiment_tag(experiment, view_tag(launch), view_state(launch))


def show_launch(client: MlflowClient, experiment: str, launch: LaunchSummed) -> None:
    """Labels the runs of a launch that is over, marks the best of each study, and describes the launch in its experiment."""
    store = sql_store(client)
    if store is not None:
        _label_rows(store, experiment, launch)
    else:
        _label_runs(client, experiment, launch)
    view = view_state(launch.launch, list(launch.labels.values()), launch.splits)
    client.set_experiment_tag(experiment, view_tag(launch.launch), view)
    links = [link(words, address) for words, address in launch_links(client, experiment, launch.launch).items()]
    note = "\n".join([f"**Newest launch: {launch.launch}**", "", *(f"- {one}" for one in links), "", launch.note])
    there = client.get_experiment(experiment).tags.get(NOTE, "")
    client.set_experiment_tag(experiment, NOTE, with_block(there, note, TAG_LENGTH))


def _tags(launch: LaunchSummed, study: str, seed: str) -> Tags:
    return {LABEL: launch.labels[study], BEST: "yes" if str(launch.best.get(study)) == seed else "no"}


def _label_rows(store: SqlAlchemyStore, experiment: str, launch: LaunchSummed) -> None:
    of_launch, of_study, of_seed = (TAGS.alias(name) for name in ("of_launch", "of_study", "of_seed"))
    asked = (
        select(RUNS.c.run_uuid, of_study.c.value, of_seed.c.value)
        .join(of_launch, (of_launch.c.run_uuid == RUNS.c.run_uuid) & (of_launch.c.key == "regnet.launch"))
        .join(of_study, (of_study.c.run_uuid == RUNS.c.run_uuid) & (of_study.c.key == "regnet.study"))
        .join(of_seed, (of_seed.c.run_uuid == RUNS.c.run_uuid) & (of_seed.c.key == "regnet.seed"))
        .where(RUNS.c.experiment_id == int(experiment), of_launch.c.value == launch.launch)
    )
    with store.ManagedSessionMaker(read_only=False) as session:
        connection = session.connection()
        runs = [(run, _tags(launch, study, seed)) for run, study, seed in connection.execute(asked) if study in launch.labels]
        rows = [{"run_uuid": run, "key": key, "value": value} for run, tags in runs for key, value in tags.items()]
        replace(connection, TAGS, ("run_uuid", "key"), rows)


def _label_runs(client: MlflowClient, experiment: str, launch: LaunchSummed) -> None:
    name = client.get_experiment(experiment).name
    runs = list(search(client, name, f"tags.`regnet.role` = 'run' and tags.`regnet.launch` = '{launch.launch}'"))

    def label(run_id: str, tags: Tags) -> None:
        client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    with ThreadPoolExecutor(REQUESTS) as pool:
        said = [(run.info.run_id, run.data.tags["regnet.study"], run.data.tags["regnet.seed"]) for run in runs]
        for _ in pool.map(lambda one: label(one[0], _tags(launch, *one[1:])), [one for one in said if one[1] in launch.labels]):
            pass
