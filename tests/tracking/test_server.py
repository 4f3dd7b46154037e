"""Tracking with an MLflow server, which does not accept rows in bulk, gives the same results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

import regnet
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.sql_tables import sql_store
from tests.servers import answers, free_port, wait_for

SMALL = ["epochs=4", "dataset.train_size=40", "dataset.test_size=30"]


@pytest.fixture(scope="module")
def server(ready_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(ready_database, folder / "mlflow.db")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.slow
def test_writing_and_reading_through_a_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = regnet.run(["seeds=3", f"tracking.uri={server}", *SMALL])
    client = MlflowClient(server)
    assert sql_store(client) is None
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert (read.seeds, read.config, read.identity) == (written.seeds, written.config, written.identity)
    for name, values in written.history.items():
        assert np.array_equal(read.history[name], values)
    experiment = client.get_experiment_by_name("regnet")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags["regnet.role"] for run in found) == ["run", "run", "run", "summary"]
    for run in found:
        assert run.info.status == "FINISHED"
        if run.data.tags["regnet.role"] == "run":
            assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"config.yaml", "weights.safetensors"}
            assert len(run.inputs.dataset_inputs) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]  # everything else is on the server
