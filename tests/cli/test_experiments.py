"""Runs a small version of every experiment file."""

from __future__ import annotations

from pathlib import Path

import pytest

from regnet.study.storage import find_results
from tests.cli.test_command import regnet

pytestmark = pytest.mark.slow

EXPERIMENTS = Path(__file__).parents[2] / "conf" / "experiment"
JOB_LIST = "jobs.csv"
JOBS = {"table1": 3, "figures": 1, "attribution": 8}
TABLES = {
    "table1": ["paper, its framework", "hand-built, solo", "hand-built, lockstep", "PyTorch", "16.82 s"],
    "figures": ["handbuilt"],
    "attribution": ["Effects", "initializer: he_fan_out → torch_default", "loss reduction: sum → mean", "data: redrawn → fixed"],
}


@pytest.mark.parametrize(
    "experiment",
    [
        pytest.param(path.stem, marks=[pytest.mark.long] if path.stem == "attribution" else [])
        for path in sorted(EXPERIMENTS.glob("*.yaml"))
    ],
)
def test_experiment(tmp_path: Path, experiment: str) -> None:
    done = regnet(tmp_path, "run", f"experiment={experiment}", "seeds=3", "epochs=2")
    assert done.returncode == 0, done.stderr
    assert len(list(find_results(tmp_path))) == JOBS[experiment]
    assert all(words in done.stdout for words in TABLES[experiment])
    (table,) = tmp_path.glob("*/*/*/report/table.md")
    again = regnet(tmp_path, "report", "--experiment", experiment, "--out", "again")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / "table.md").read_text() == table.read_text()
    made = {path.name for path in table.parent.iterdir()} - {JOB_LIST}
    assert made == {path.name for path in (tmp_path / "again").iterdir()}
    logged = {path.name for path in tmp_path.glob("mlruns/*/*/artifacts/report/*")}
    assert logged == made | ({JOB_LIST} if JOBS[experiment] > 1 else set())  # attached to the summary runs
    assert {"report.html", "spread.png", "curves_test_loss.svg"} <= made or JOBS[experiment] == 1
    if experiment != "attribution":
        assert {"figure1_architecture.png", "figure2_data.svg", "figure3_loss.png", "figure4_error_rate.svg"} < made
