"""Runs without a result: running, abandoned, failed and missing ones are told apart, and a run that is there twice counts once."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import psutil
import pytest
from mlflow.tracking import MlflowClient

import regnet
from regnet.launch_folder.owner import Owner
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.messages import (
    HEARTBEAT,
    OWNER_TAG,
    PLANNED,
    Destination,
    EpochMeasured,
    RunBegun,
    RunEnded,
    StudyBegun,
    read_seeds,
    write_seeds,
)
from regnet.tracking.write import writer
from regnet.tracking.write.run_buffer import RunBuffer
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


def statuses(client: MlflowClient) -> dict[int, str]:
    found = client.search_runs(["1"], "tags.`regnet.role` = 'run'")
    return {int(run.data.tags["regnet.seed"]): run.info.status for run in found}


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


def test_the_next_command_ends_abandoned_runs(inside: Inside, tmp_path: Path) -> None:
    """Whatever it does in the store; runs whose owner lives, or may live on another machine, are left alone."""
    assert inside("run", "seeds=5", "study=mine", *SMALL).code == 0
    old = {OWNER_TAG: json.dumps(AWAY), HEARTBEAT: "1700000000000"}
    lives = {OWNER_TAG: Owner.this().to_json()}
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    for run in client.search_runs(["1"], "tags.`regnet.role` = 'run'"):
        client.set_tag(run.info.run_id, OWNER_TAG, "")
    change(
        tmp_path,
        {0: ("RUNNING", {OWNER_TAG: json.dumps(GONE)}), 1: ("RUNNING", lives), 2: ("RUNNING", {}), 3: ("RUNNING", old)},
    )
    assert inside("results").code == 0
    assert statuses(client) == {0: "KILLED", 1: "RUNNING", 2: "RUNNING", 3: "RUNNING", 4: "FINISHED"}, "it started just now"
    assert inside("compare", "mine", "--incomplete", "drop").code == 0
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as store, store:
        store.execute("UPDATE runs SET start_time = 1700000000000")
    shown = inside("compare", "mine", "--incomplete", "drop", "--json")
    assert json.loads(shown.stdout)["studies"][0]["n"] == 1
    assert statuses(client) == {0: "KILLED", 1: "RUNNING", 2: "RUNNING", 3: "KILLED", 4: "FINISHED"}
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert read.failures[0] == f"abandoned: process {GONE['pid']} on {GONE['host']} was killed"
    assert read.failures[3].startswith("abandoned: process 1 on another machine was last known to run at 2023-11-1")


def test_one_heartbeat_counts_for_all_runs_of_an_owner(inside: Inside, tmp_path: Path) -> None:
    assert inside("run", "seeds=3", *SMALL).code == 0
    now = {OWNER_TAG: json.dumps(AWAY), HEARTBEAT: str(int(time.time() * 1000))}
    change(tmp_path, {0: ("RUNNING", {OWNER_TAG: json.dumps(AWAY)}), 1: ("RUNNING", now)})
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as store, store:
        store.execute("UPDATE runs SET start_time = 1700000000000")
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    assert inside("results").code == 0
    assert statuses(client) == {0: "RUNNING", 1: "RUNNING", 2: "FINISHED"}


def test_a_heartbeat_is_written_on_a_run_that_is_trained(tmp_path: Path) -> None:
    buffer = RunBuffer(Destination(f"sqlite:///{tmp_path}/mlflow.db", "regnet", str(tmp_path)))
    tags = {"regnet.role": "run", "regnet.study": "1", "regnet.launch": "here", "regnet.launch_id": "0"}
    buffer.add(StudyBegun(0, "mine", {"seed": 0}, tags, {}))
    buffer.beat(1)
    assert not buffer.pending
    for run in (0, 1):
        buffer.add(RunBegun(run, 0, None, run, 1000))
    buffer.beat(2)
    buffer.write()
    buffer.add(RunEnded(0, 3000, "FINISHED"))
    buffer.beat(3)
    buffer.write()
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    beats = {run.data.tags["regnet.seed"]: run.data.tags.get(HEARTBEAT) for run in client.search_runs(["1"])}
    assert beats == {"0": "2", "1": "3"}


def test_a_run_begun_late_has_every_epoch_once(tmp_path: Path) -> None:
    """A new writing process gets the later epochs of a run that the store does not have, and all of them at its end."""
    buffer = RunBuffer(Destination(f"sqlite:///{tmp_path}/mlflow.db", "regnet", str(tmp_path)))
    tags = {"regnet.role": "run", "regnet.study": "1", "regnet.launch": "here", "regnet.launch_id": "0"}
    buffer.add(StudyBegun(0, "mine", {"seed": 0}, tags, {}))
    for run in (0, 1):
        buffer.add(RunBegun(run, 0, None, run, 1000))
    history = {"train/loss": np.array([0.5, 0.4, 0.3, 0.2])}
    for epoch in (3, 4):
        buffer.add(EpochMeasured((0,), epoch, 2000 + epoch, {"train/loss": history["train/loss"][epoch - 1 : epoch]}))
    buffer.write()
    for run in (0, 1):
        buffer.add(RunEnded(run, 3000, "FINISHED", history=history))
    buffer.write()
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    for one in client.search_runs(["1"]):
        points = client.get_metric_history(one.info.run_id, "train/loss")
        assert sorted((point.step, point.value) for point in points) == [(1, 0.5), (2, 0.4), (3, 0.3), (4, 0.2)]


def test_the_writing_process_sends_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[int] = []

    class Buffer:
        pending = False

        def beat(self, milliseconds: int) -> None:
            beats.append(milliseconds)

        def write(self) -> None:
            pass

        def abandon(self, milliseconds: int) -> None:
            pass

    monkeypatch.setattr(writer, "BEAT_SECONDS", 0.05)
    writing = writer.Writer(None)  # type: ignore[arg-type]
    writing._buffers[0] = Buffer()  # type: ignore[assignment]
    inbox: SimpleQueue[Any] = SimpleQueue()
    threading.Timer(1, inbox.put, [None]).start()
    writing.serve(inbox)
    assert 5 < len(beats) <= 21
