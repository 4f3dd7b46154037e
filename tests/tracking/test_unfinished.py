"""Runs without a result: running, abandoned, failed and missing ones are told apart, and a run that is there twice counts once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from mlflow.tracking import MlflowClient

import regnet
from regnet.launch_folder.owner import Owner
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.messages import OWNER_TAG, PLANNED, read_seeds, write_seeds
from tests.conftest import Inside

Store = Callable[[], MlflowClient]
SMALL = ("epochs=2", "dataset.train_size=40", "dataset.test_size=30")
GONE = {"host": Owner.this().host, "pid": 2**22 + 1, "started": 1.0}
AWAY = {"host": "another machine", "pid": 1, "started": 1.0}


def change(folder: Path, changes: dict[int, tuple[str, dict[str, str]]]) -> None:
    """Sets the status and tags of seeds' runs; an empty status deletes the run."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    for run in client.search_runs(["1"], "tags.`regnet.role` = 'run'"):
        status, tags = changes.get(int(run.data.tags["regnet.seed"]), ("FINISHED", {}))
        if not status:
            client.delete_run(run.info.run_id)
            continue
        client.update_run(run.info.run_id, status)
        for key, value in tags.items():
            client.set_tag(run.info.run_id, key, value)


def test_states_are_told_apart(inside: Inside, tmp_path: Path) -> None:
    assert inside("run", "seeds=8", "study=mine", *SMALL).code == 0
    change(
        tmp_path,
        {
            0: ("RUNNING", {}),
            1: ("RUNNING", {OWNER_TAG: json.dumps(GONE)}),
            2: ("RUNNING", {OWNER_TAG: json.dumps(AWAY)}),
            3: ("FAILED", {"regnet.failure": "diverged in epoch 1"}),
            4: ("", {}),
        },
    )
    study = json.loads(inside("compare", "mine", "--json", "--incomplete", "drop").stdout)["studies"][0]
    assert (study["n"], study["failed"]) == (3, 1)
    shown = inside("compare", "mine", "--incomplete", "drop", "--markdown").stdout
    assert "1, 3 running, 1 abandoned" in shown
    assert "1 of 8 seeds failed and are not in these numbers" in shown
    assert "1 of 8 seeds is abandoned and not in these numbers" in shown
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert read.seeds == tuple(range(8))
    assert read.failures == {
        0: "running",
        1: f"abandoned: process {GONE['pid']} on {GONE['host']} was killed",
        2: "running: on another machine",
        3: "diverged in epoch 1",
        4: "running: not started",
    }


def test_planned_seeds_without_a_run_are_missing(inside: Inside, tmp_path: Path) -> None:
    assert inside("run", "seeds=5", "study=mine", *SMALL).code == 0
    change(tmp_path, {1: ("", {}), 4: ("", {})})
    shown = inside("compare", "mine", "--incomplete", "drop", "--markdown").stdout
    assert "0, 2 missing" in shown
    assert "2 of 5 seeds are missing and not in these numbers" in shown
    assert "nothing to judge it by" not in shown
    assert inside("report").code == 0


def test_a_live_launch_is_running_not_failed(inside: Inside, tmp_path: Path) -> None:
    assert inside("run", "seeds=3", "study=mine", *SMALL).code == 0
    change(tmp_path, dict.fromkeys(range(3), ("RUNNING", {})))
    done = inside("compare", "mine")
    assert done.code == 2
    assert "all 3 seeds are unfinished (the first: running)" in done.stderr


def test_a_run_that_is_there_twice_counts_once(store: Store) -> None:
    result = regnet.run(["seeds=2", *SMALL])
    client = store()
    (first, *_) = client.search_runs(["1"], "tags.`regnet.role` = 'run'")
    client.create_run("1", tags=first.data.tags)
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert read.seeds == result.seeds
    assert not read.failures


@pytest.mark.parametrize("seeds", [(), (3,), (0, 1, 2), (5, 0, 1, 9, 10)])
def test_seeds_as_text(seeds: tuple[int, ...]) -> None:
    assert read_seeds(write_seeds(seeds)) == sorted(seeds)


def test_every_run_names_its_owner_and_the_planned_seeds(store: Store) -> None:
    regnet.run(["seeds=[4,2]", *SMALL])
    for run in store().search_runs(["1"], "tags.`regnet.role` = 'run'"):
        owner = Owner.from_json(run.data.tags[OWNER_TAG])
        assert owner
        assert (owner.pid, owner.runs) == (psutil.Process().pid, True)
        assert run.data.tags[PLANNED] == "2,4"
