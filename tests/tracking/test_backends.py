"""Rows and files written in bulk equal those written by MLflow's client."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import MlflowClient
from sqlalchemy import MetaData, create_engine, select

from regnet.tracking.store import messages, sql_tables
from regnet.tracking.store.client_backend import ClientBackend
from regnet.tracking.store.sql_backend import BulkBackend
from regnet.tracking.store.sql_tables import sql_store
from regnet.tracking.write.run_buffer import RunBuffer

WRITE = "write"
"""Where the buffer is written in between."""
TIMES = {"creation_time", "last_update_time"}


def story(report: Path) -> Iterator[messages.Record | str]:
    """The records of two studies, with all kinds of events, in a possible order."""
    draw = np.random.default_rng(0)
    x, y = draw.random((20, 2), dtype=np.float32), draw.integers(0, 2, 20)
    tags = {"regnet.role": "run", "regnet.launch": "a launch", messages.LAUNCH_ID: "an id", "regnet.study": "abc"}
    params = {"optimizer.lr": "0.1", "long": "x" * 400, "model.layers.0.name": "relu"}
    yield messages.StudyBegun(0, "plain", {"optimizer": {"lr": 0.1}}, tags, params)
    yield messages.StudyBegun(1, "odd", {"lr": "1e-3"}, {**tags, "empty": ""}, {"very long": "y" * 7000, "π": "3", "none": ""})
    yield messages.DataSeen(2, "disc", {"training": (x, y), "testing": (x[:10], y[:10])})
    yield messages.DataSeen(3, "disc", {"training": (x, y), "testing": (x, y)})  # the same data set to MLflow
    runs = (10, 11, 12, 13)
    for seed, (run, study, data) in enumerate(zip(runs, (0, 0, 1, 0), (2, 3, 2, 2), strict=True)):
        yield messages.RunBegun(run, study, data, seed, 1_000 + seed)
    yield WRITE
    for epoch in range(1, 8):
        loss = np.array([1 / epoch, math.nan if epoch > 3 else 2.0, -0.0, 1e300])
        yield messages.EpochMeasured(runs, epoch, 2_000 + epoch, {"train/loss": loss, "test/error_rate": draw.random(4)})
        if epoch % 3 == 0:
            yield WRITE
    yield messages.RunEnded(
        10, 3_000, "FINISHED", 7, {"final/loss": 0.5, "time/s": 1.5}, {messages.STOPPED: "7"}, {"w.bin": b"\x00\xff"}
    )
    yield messages.RunEnded(11, 3_001, "FAILED", tags={"regnet.failure": "diverged " * 700})
    unusual = {"a": math.inf, "b": -math.inf, "c": math.nan}
    yield messages.RunEnded(12, 3_002, "FINISHED", 7, unusual)
    yield WRITE
    yield messages.RunsTagged(runs, {"regnet.listener_failed": "somebody", "regnet.study": "changed"})
    yield WRITE
    yield messages.RunsTagged(runs, {"regnet.listener_failed": "somebody else"})
    yield messages.RunEnded(
        13, 3_003, "KILLED", 7, {"a": math.inf, "b": -math.inf, "c": math.nan}, {"regnet.failure": "interrupted"}
    )
    summary = {**tags, "regnet.role": "summary"}
    yield messages.StudySummed("sum", 4_000, summary, {"optimizer.lr": "0.1"}, {"n": 4, "loss/mean": 0.25}, report)
    yield WRITE
    yield messages.StudySummed("sum", 5_000, summary, {"optimizer.lr": "0.1"}, {"n": 5, "loss/mean": 0.5}, report)
    yield messages.LaunchSummed("a launch", "an id", {"abc": "a label"}, {"abc": 2}, frozenset({"train"}), "| a | table |")
    yield WRITE


def write_story(uri: str, folder: Path) -> RunBuffer:
    """A buffer that has written the story into a store, and its files into a folder."""
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "table.md").write_text("| 1 |")
    buffer = RunBuffer(messages.Destination(uri, "story", folder))
    for record in story(folder / "report"):
        if isinstance(record, str):
            buffer.write()
        else:
            buffer.add(record)
    return buffer


def rows(uri: str, folder: Path) -> dict[str, list[str]]:
    """Every row of every table, with names instead of random identifiers, and without MLflow's times."""
    engine = create_engine(uri)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        found = {
            name: [dict(row) for row in connection.execute(select(table)).mappings()] for name, table in metadata.tables.items()
        }
    engine.dispose()
    names = {str(folder): "FOLDER"}
    names |= {row["run_uuid"]: row["name"] for row in found["runs"]}
    names |= {row["dataset_uuid"]: row["digest"] for row in found["datasets"]}
    names |= {row["input_uuid"]: f"{names[row['source_id']]} to {names[row['destination_id']]}" for row in found["inputs"]}

    def with_names(value: Any) -> str:
        text = repr(value)
        for identity, name in names.items():
            text = text.replace(identity, name)
        return text

    return {
        table: sorted(with_names({k: v for k, v in row.items() if k not in TIMES}) for row in every)
        for table, every in found.items()
    }


def files(uri: str) -> dict[str, bytes]:
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("story")
    assert experiment is not None
    found = {}
    for run in client.search_runs([experiment.experiment_id]):
        top = Path(run.info.artifact_uri)
        found |= {f"{run.info.run_name}/{path.relative_to(top)}": path.read_bytes() for path in top.rglob("*") if path.is_file()}
    return found


def test_bulk_rows_equal_those_of_the_client(ready_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stores = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("bulk", "client")}
    for name in stores:
        shutil.copy(ready_database, tmp_path / f"{name}.db")
    bulk = write_story(stores["bulk"], tmp_path / "bulk")
    monkeypatch.setattr("regnet.tracking.store.connect.sql_store", lambda client: None)
    client = write_story(stores["client"], tmp_path / "client")
    assert isinstance(bulk._backend, BulkBackend)
    assert isinstance(client._backend, ClientBackend)
    one, other = (rows(uri, tmp_path / name) for name, uri in stores.items())
    assert len(one["runs"]) == 5
    assert len(one["metrics"]) > 50
    for table in one.keys() | other.keys():
        assert one[table] == other[table], table
    assert files(stores["bulk"]) == files(stores["client"])
    assert len(files(stores["bulk"])) == 6


def test_client_is_used_for_an_unknown_schema(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(sql_store(store()), SqlAlchemyStore)
    monkeypatch.setitem(sql_tables.COLUMNS, sql_tables.RUNS, sql_tables.COLUMNS[sql_tables.RUNS] + " workspace")
    assert sql_store(store()) is None
