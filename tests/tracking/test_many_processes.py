"""Many launches write into one store at once, into an experiment that none of them has made."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests.cli.test_command import REGNET
from tests.servers import Postgres, make_database

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

PROCESSES = 16
SEEDS = 3
SMALL = ("epochs=3", f"seeds={SEEDS}", "report=none", "dataset.train_size=40", "dataset.test_size=30")


@pytest.fixture(params=["sqlite", "postgresql"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mlflow.db"
        return
    with Postgres.temporary() as server:
        yield make_database(server.uri, "runs")


def test_many_processes_write_at_once(uri: str, tmp_path: Path) -> None:
    environment = os.environ | {"MLFLOW_TRACKING_URI": uri}
    started = []
    for number in range(PROCESSES):
        words = ("run", *SMALL, f"seed={SEEDS * number}", f"hydra.run.dir=launch{number}", "tracking.experiment=shared")
        with (tmp_path / f"{number}.log").open("w") as log:
            started.append(subprocess.Popen([*REGNET, *words], cwd=tmp_path, stdout=log, stderr=log, env=environment))
    codes = [process.wait(500) for process in started]
    logs = {number: (tmp_path / f"{number}.log").read_text() for number, code in enumerate(codes) if code}
    assert not logs
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("shared")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    assert Counter(run.data.tags["regnet.role"] for run in runs) == {"run": PROCESSES * SEEDS}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert sorted(int(run.data.tags["regnet.seed"]) for run in runs) == list(range(PROCESSES * SEEDS))
    assert all(len(client.get_metric_history(run.info.run_id, "test/error_rate")) == 3 for run in runs)
    assert all(run.inputs.dataset_inputs for run in runs)
