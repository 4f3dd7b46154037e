"""What a launch writes for MLflow's UI: labels, best runs, descriptions and views."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.entities import Experiment, Run
from mlflow.tracking import MlflowClient

import regnet
from regnet.tracking.store.client_store import ClientStore
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.messages import BEST, LABEL, LAUNCH_ID, LaunchSummed
from regnet.tracking.ui.links import launch_links
from regnet.tracking.ui.publish import show_launch, show_view
from regnet.tracking.ui.view import NOTE, grouped_link, view_tag
from regnet.tracking.write.model_selection import best_seed
from regnet.tracking.write.summary import write_summaries

Store = Callable[[], MlflowClient]
SMALL = ["epochs=4", "dataset.train_size=40", "dataset.test_size=30"]


def found(client: MlflowClient, role: str) -> Iterator[Run]:
    yield from client.search_runs([experiment(client).experiment_id], f"tags.`regnet.role` = '{role}'")


def experiment(client: MlflowClient) -> Experiment:
    there = client.get_experiment_by_name("regnet")
    assert there is not None
    return there


def test_run_and_summary_link_to_the_view(store: Store) -> None:
    regnet.run(["seeds=2", *SMALL])
    client = store()
    there = experiment(client)
    runs = [*found(client, "run"), *found(client, "summary")]
    assert len(runs) == 3
    for run in runs:
        launch = run.data.tags["regnet.launch"]
        assert f"({grouped_link(there.experiment_id, launch)})" in run.data.tags[NOTE]
        assert view_tag(launch) in there.tags
    assert f"**Newest launch: {launch}**" in there.tags[NOTE]


def test_summary_has_the_table_of_its_study(store: Store) -> None:
    result = regnet.run(["seeds=3", *SMALL])
    (summary,) = found(store(), "summary")
    mean = summary.data.metrics["test/error_rate/mean"]
    lines = summary.data.tags[NOTE].splitlines()
    assert "3 seeds, after the last epoch:" in lines
    rows = [line for line in lines if line.startswith("| t")]
    assert rows[0].startswith(f"| test/error_rate | {mean:.4g} ± ")
    assert len(rows) == len(result.history)


@pytest.mark.parametrize("public", [False, True], ids=["in bulk", "by MLflow's client"])
def test_labels_of_studies(store: Store, public: bool) -> None:
    results = [regnet.run([f"optimizer.lr={lr}", "seeds=3", *SMALL]) for lr in (0.001, 0.01)]
    client = store()
    for run in found(client, "run"):  # as if started together
        client.set_tag(run.info.run_id, "regnet.launch", "a sweep")
        client.set_tag(run.info.run_id, LAUNCH_ID, "an id")
    shown = ClientStore(client) if public else store_of(client)
    there = experiment(client).experiment_id
    labels = {result.identity: label for result, label in zip(results, ["slow", "quick"], strict=True)}
    best = {result.identity: best_seed(result) for result in results}
    launch = LaunchSummed("a sweep", "an id", labels, best, frozenset({"train", "test"}), "A table.")
    show_launch(shown, there, launch)
    runs = list(found(client, "run"))
    assert len(runs) == 6
    for run in runs:
        study = run.data.tags["regnet.study"]
        assert run.data.tags[LABEL] == labels[study]
        assert run.data.tags[BEST] == ("yes" if run.data.params["seed"] == str(best[study]) else "no")
    assert len([run for run in runs if run.data.tags[BEST] == "yes"]) == 2
    assert "A table." in experiment(client).tags[NOTE]
    assert list(launch_links(shown, there, "a sweep")) == ["All runs, grouped by study", "The best run of each study, compared"]


def test_best_run_is_selected_by_validation(store: Store) -> None:
    result = regnet.run(["seeds=8", "validation=0.25", "tracking=none", *SMALL])
    assert best_seed(result) == result.seeds[result.history["validation/error_rate"][:, -1].argmin()]
    without = regnet.run(["seeds=8", "tracking=none", *SMALL])
    assert best_seed(without) == without.seeds[without.history["train/loss"][:, -1].argmin()]


@pytest.mark.slow
def test_links_after_a_sweep(store: Store, tmp_path: Path) -> None:
    words = ["run", "-m", "optimizer.lr=0.001,0.01", "seeds=2", *SMALL]
    done = subprocess.run([sys.executable, "-m", "regnet", *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert "To look at the runs in MLflow: regnet ui" in lines
    links = dict(line.split(": ", 1) for line in lines if ": http" in line)
    client = store()
    there = experiment(client).experiment_id
    launch = next(found(client, "run")).data.tags["regnet.launch"]
    assert links == launch_links(store_of(client), there, launch, "http://127.0.0.1:5000/")
    assert len(links) == 3
    assert {run.info.run_name for run in found(client, "summary")} == {"lr=0.001 · summary", "lr=0.01 · summary"}


def test_existing_view_is_kept(store: Store) -> None:
    regnet.run(SMALL)
    client = store()
    there = experiment(client)
    launch = next(found(client, "run")).data.tags["regnet.launch"]
    client.set_experiment_tag(there.experiment_id, view_tag(launch), "the user's")
    show_view(store_of(client), there.experiment_id, launch)
    assert experiment(client).tags[view_tag(launch)] == "the user's"


def test_summaries_have_links(store: Store, tmp_path: Path) -> None:
    result = regnet.run(SMALL)
    (where,) = write_summaries([result], "again")
    assert (where.uri, where.experiment) == (f"sqlite:///{tmp_path}/mlflow.db", "regnet")
