"""Jobs of a sweep that fail: the summary names them, and `on_failure` says whether the others run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from regnet.launch_folder.failure import FAILURE
from tests.conftest import Inside

SMALL = ("dataset.train_size=40", "dataset.test_size=30")
SWEEP = ("run", "-m", "model.hidden=[4],[0],[5]", "epochs=2", "hydra.sweep.dir=here", *SMALL)
LAUNCHERS = pytest.mark.parametrize("launcher", [(), ("hydra/launcher=lockstep",)], ids=["basic", "lockstep"])
ERROR = "model.hidden of model mlp [0] should be greater than or equal to 1; got [0]"


def jobs(folder: Path) -> list[dict[str, Any]]:
    with (folder / "here" / "report" / "jobs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGNET_PLUGINS", "regnet-lockstep,regnet-toydata")


@LAUNCHERS
def test_the_others_run_by_default(inside: Inside, tmp_path: Path, launcher: tuple[str, ...]) -> None:
    done = inside(*SWEEP, *launcher, "tracking=none")
    assert done.code == 2
    assert "3 jobs: 2 finished, 1 failed" in done.stdout
    assert f"job 1 failed: model.hidden=[0]: {ERROR} (log: here/1/regnet.log)" in done.stderr.splitlines()
    first, second, third = jobs(tmp_path)
    assert [job["end"] for job in (first, second, third)] == ["finished", "failed", "finished"]
    assert second["error"] == ERROR
    assert (first["options"].split()[0], first["seeds"], first["metric"]) == ("model.hidden=[4]", "1", "test/error_rate")
    assert 0 <= float(first["value"]) <= 1
    assert float(first["seconds"]) > 0
    assert ERROR in (tmp_path / "here/1/regnet.log").read_text(encoding="utf-8")


@pytest.mark.slow
@LAUNCHERS
def test_the_launch_stops_if_asked_and_continues_later(inside: Inside, tmp_path: Path, launcher: tuple[str, ...]) -> None:
    stopped = inside(*SWEEP, *launcher, "tracking=none", "on_failure=stop")
    assert stopped.code == (1 if launcher else 2)
    ends = [job["end"] for job in jobs(tmp_path)]
    assert ends == (["not run", "failed", "not run"] if launcher else ["finished", "failed", "not run"])
    assert f"job 1 failed: model.hidden=[0]: {ERROR}" in stopped.stderr
    again = inside("resume")
    assert again.code != 0
    assert [job["end"] for job in jobs(tmp_path)] == ends, "the settings are those of the start"
    assert inside("resume", "here", "on_failure=continue").code == 2
    assert [job["end"] for job in jobs(tmp_path)] == ["finished", "failed", "finished"]


@pytest.mark.slow
def test_a_job_that_succeeds_later_has_not_failed(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("x,y\n", encoding="utf-8")
    words = ("run", "-m", "dataset=table", "dataset.path=data.csv", "dataset.target=y", "model.output=null", "epochs=1,2")
    failed = inside(*words, "hydra.sweep.dir=here", "tracking=none")
    assert failed.code == 2
    assert len(list(tmp_path.rglob(FAILURE))) == 2
    rows = "\n".join(f"{number},{number % 7}" for number in range(40))
    (tmp_path / "data.csv").write_text(f"x,y\n{rows}\n", encoding="utf-8")
    assert inside("resume").code == 0
    assert not list(tmp_path.rglob(FAILURE))
    assert [job["end"] for job in jobs(tmp_path)] == ["finished", "finished"]


def test_a_bug_leaves_its_traceback_in_the_log_of_its_job(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("mine")

    monkeypatch.setattr("regnet.launcher.task.run_study", broken)
    with pytest.raises(ZeroDivisionError, match="mine"):
        inside(*SWEEP[:2], "seed=0,1", *SWEEP[3:], "tracking=none")
    text = (tmp_path / "here/1/regnet.log").read_text(encoding="utf-8")
    assert "in broken" in text
    assert text.rstrip().endswith("ZeroDivisionError: mine")


def test_the_summary_is_an_artifact(inside: Inside, tmp_path: Path) -> None:
    assert inside(*SWEEP, "tracking.experiment=sweeps").code == 2
    assert len(list(tmp_path.glob("mlruns/*/*/artifacts/report/jobs.csv"))) == 2
