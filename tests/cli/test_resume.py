"""A launch that is killed continues: what is finished is not trained again, and the numbers are those of an undisturbed launch."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

import regnet
from regnet.errors import ConfigError
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.plan import read_plan
from regnet.study.storage import find_results, load_result
from tests.cli.test_command import REGNET
from tests.conftest import Inside
from tests.same_launch import assert_same_results, assert_same_store

SMALL = ("dataset.train_size=40", "dataset.test_size=30")
SWEEP = ("run", "-m", "optimizer.lr=0.01,0.02", "seeds=3", "replicas=solo", "epochs=300", "hydra.sweep.dir=here", *SMALL)


def killed(folder: Path, *words: str) -> None:
    """Starts a command, and kills it when it has kept some of its results and not yet all."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    output = subprocess.DEVNULL
    process = subprocess.Popen([*REGNET, *words], cwd=folder, stdout=output, stderr=output, env=environment)
    try:
        while not list(folder.rglob("slice-*.safetensors")):
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert not list(find_results(folder))


@pytest.mark.slow
def test_a_killed_sweep_continues(
    inside: Inside, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same command, and by its folder alone; the store has each run once, with every epoch."""
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    monkeypatch.chdir(undisturbed)
    assert inside(*SWEEP).code == 0
    disturbed = tmp_path_factory.mktemp("disturbed")
    monkeypatch.chdir(disturbed)
    killed(disturbed, *SWEEP)
    status = json.loads(inside("status", "here", "--json").stdout)
    assert (status["state"], status["planned"]) == ("abandoned", 6)
    assert 0 < status["finished"] < 3
    assert len(list(disturbed.glob("here/writer-*.json"))) == 1, "the process whose last writes are waited for"
    kept = {path: path.stat().st_mtime_ns for path in disturbed.rglob("slice-*.safetensors")}
    dry = inside("resume", "--dry-run")
    assert f"{status['finished']} of 6 runs are finished" in dry.stdout
    assert {path: path.stat().st_mtime_ns for path in disturbed.rglob("slice-*.safetensors")} == kept
    assert inside("resume").code == 0
    assert json.loads(inside("status", "--json").stdout)["state"] == "finished"
    assert_same_results(disturbed, undisturbed)
    assert_same_store(disturbed, undisturbed)
    assert not [path for path in disturbed.rglob("*") if path.name.endswith(".part") or path.name.startswith("slice-")]
    assert not [path for name in ("owner.json", "writer-*.json") for path in disturbed.glob(f"here/{name}")]


def test_the_same_command_with_resume_continues_or_starts(inside: Inside, tmp_path: Path) -> None:
    words = ("run", "-m", "seed=0,1", "epochs=2", "tracking=none", *SMALL, "resume=true")
    assert inside(*words).code == 0
    (first,) = tmp_path.glob("multirun/*/*")
    times = {path: (path / "result.safetensors").stat().st_mtime_ns for path in find_results(tmp_path)}
    done = inside(*words)
    assert done.code == 0
    assert "n ┃" in done.stdout
    assert list(tmp_path.glob("multirun/*/*")) == [first]
    assert {path: (path / "result.safetensors").stat().st_mtime_ns for path in find_results(tmp_path)} == times
    plan = read_plan(first)
    assert plan
    assert len(plan.continuations) == 1


@pytest.mark.slow
def test_a_folder_in_use_is_refused_or_continued(inside: Inside, tmp_path: Path) -> None:
    words = ("run", "hydra.run.dir=here", "epochs=2", "tracking=none", *SMALL)
    assert inside(*words, "seeds=2").code == 0
    again = inside(*words, "seeds=2")
    assert (again.code, again.stderr) == (
        2,
        "regnet: here has a launch already (2 of 2 runs are finished): resume=true continues it, or choose another folder\n",
    )
    assert inside(*words, "seeds=3", "resume=true").code == 0
    assert load_result(tmp_path / "here").together.tolist() == [2, 2, 1]
    other = inside(*words, "seeds=3", "resume=true", "optimizer.lr=0.5")
    assert other.code == 2
    assert "its options, or the content of its data file, are different" in other.stderr
    assert inside("resume").code == 0, "with the seeds of the last command"


def test_other_versions_are_refused(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("run", "hydra.run.dir=here", "epochs=2", "tracking=none", *SMALL)
    assert inside(*words).code == 0
    monkeypatch.setattr("regnet.launcher.resume.versions", lambda plugins: {"regnet-framework": "9.9"})
    refused = inside(*words, "resume=true")
    assert refused.code == 2
    assert "was started with regnet-framework 0.1.0, and here is 9.9: install that version" in refused.stderr
    assert inside(*words, "resume=true", "mix_versions=true").code == 0


def test_a_launch_moves_with_its_folder(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its relative paths, such as that of its store, are those of the new place."""
    (tmp_path / "one").mkdir()
    monkeypatch.chdir(tmp_path / "one")
    assert inside("run", "seeds=2", "epochs=2", *SMALL).code == 0
    shutil.copytree(tmp_path / "one" / "outputs", tmp_path / "two" / "outputs")
    monkeypatch.chdir(tmp_path / "two")
    assert inside("resume").code == 0
    for folder in ("one", "two"):
        client = MlflowClient(f"sqlite:///{tmp_path}/{folder}/mlflow.db")
        assert len(client.search_runs(["1"], "tags.`regnet.role` = 'run'")) == 2


@pytest.mark.slow
def test_a_lost_result_is_trained_again(inside: Inside, tmp_path: Path) -> None:
    assert inside("run", "-m", "seed=0,1", "hydra.sweep.dir=here", "epochs=2", "tracking=none", *SMALL).code == 0
    path = tmp_path / "here" / "1" / "result.safetensors"
    whole = load_result(path.parent)
    path.write_bytes(path.read_bytes()[:-1])
    done = inside("resume")
    assert done.code == 0
    assert f"{path} is damaged" in done.stdout + done.stderr
    np.testing.assert_array_equal(load_result(path.parent).history["test/loss"], whole.history["test/loss"])


@pytest.mark.slow
def test_a_running_launch_is_not_started_twice(inside: Inside, tmp_path: Path) -> None:
    command = [*REGNET, "run", "hydra.run.dir=here", "epochs=1000000", "tracking=none"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not (tmp_path / "here" / "regnet.log").exists():
                assert process.poll() is None
                time.sleep(0.05)
            status = json.loads(inside("status", "here", "--json").stdout)
            assert status["state"] == "running"
            refused = inside("resume", "here")
            assert refused.code == 2
            assert f"is being run by process {process.pid} on" in refused.stderr
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert json.loads(inside("status", "here", "--json").stdout)["state"] == "stopped"


def test_passwords_are_not_planned(inside: Inside, tmp_path: Path) -> None:
    uri = "postgresql://me:secret@127.0.0.1:9/runs"
    inside("run", "hydra.run.dir=here", "epochs=1", f"tracking.uri={uri}", *SMALL)
    assert "secret" not in (tmp_path / "here" / "plan.jsonl").read_text(encoding="utf-8")
    refused = inside("resume")
    assert (refused.code, "no file keeps the password or token of postgresql://me:***@127.0.0.1:9/runs" in refused.stderr) == (
        2,
        True,
    )


def test_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["seeds=3", "epochs=2", "tracking=none", "hydra.run.dir=here", *SMALL]
    result = regnet.run(words)
    with pytest.raises(ConfigError, match="here has a launch already"):
        regnet.run(words)
    (tmp_path / "here" / "result.safetensors").unlink()
    JobFolder(tmp_path / "here").keep(result.of(1))
    again = regnet.run([*words, "resume=true"])
    assert again.seeds == result.seeds
    for name, values in result.history.items():
        np.testing.assert_array_equal(again.history[name], values)
    for ours, theirs in zip(again.networks, result.networks, strict=True):
        assert all((value == theirs.weights[name]).all() for name, value in ours.weights.items())


LONG = ("run", "seeds=2", "epochs=8000", "hydra.run.dir=here", *SMALL)


@pytest.mark.slow
def test_a_launch_ends_in_order_when_its_time_is_over(inside: Inside, tmp_path: Path) -> None:
    """It says how to continue; its runs are KILLED in the store until then."""
    assert inside(*LONG, "hydra.run.dir=whole", "tracking=none").code == 0
    ended = inside(*LONG, "max_time=2")
    assert ended.code == 1
    assert ended.stderr.splitlines()[-2:] == [
        "regnet: 0 of 2 runs are finished, 2 partly trained; to train the others: regnet resume here",
        "regnet: max_time is over",
    ]
    status = json.loads(inside("status", "here", "--json").stdout)
    assert 0 < status["jobs"][0]["trained_epochs"]["0"] < 8000
    assert len(list((tmp_path / "here").glob("checkpoint-*"))) == 1
    assert inside("resume", "here", "max_time=1h").code == 0
    whole, found = load_result(tmp_path / "whole"), load_result(tmp_path / "here")
    for metric, values in whole.history.items():
        np.testing.assert_array_equal(found.history[metric], values)
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("regnet").experiment_id], "tags.`regnet.role` = 'run'")  # type: ignore[union-attr]
    assert [run.info.status for run in runs] == ["FINISHED"] * 2
    assert [len(client.get_metric_history(run.info.run_id, "train/loss")) for run in runs] == [8000] * 2
    assert not list((tmp_path / "here").glob("checkpoint-*"))


@pytest.mark.parametrize("given", ["soon", "1:30", "-5", "0", "1h-5m"])
def test_a_time_that_is_none_is_refused(inside: Inside, given: str) -> None:
    refused = inside("run", f"max_time={given}")
    assert refused.code == 2
    assert ": expected seconds, or a time such as 90s, 30m, 11h30m or 11:30:00" in refused.stderr


def test_clean_removes_what_is_not_needed(inside: Inside, tmp_path: Path) -> None:
    assert inside(*LONG, "max_time=2", "tracking=none").code == 1
    (checkpoint,) = (tmp_path / "here").glob("checkpoint-*")
    older = checkpoint.with_name(checkpoint.name.replace(checkpoint.stem.rpartition("-")[2], "1"))
    older.write_bytes(b"damaged")
    draft = tmp_path / "here" / "result.safetensors.123.part"
    draft.touch()
    listed = inside("clean", "--dry-run").stdout.splitlines()
    assert listed[:-1] == [str(path.relative_to(tmp_path)) for path in sorted([older, draft])]
    assert inside("clean", "here").stdout == "2 files, 0.0 MB removed\n"
    assert checkpoint.exists()
    assert not older.exists()
    assert not draft.exists()
    assert inside("clean", "--checkpoints").stdout.startswith("1 files")
    assert not checkpoint.exists()


@pytest.mark.slow
@pytest.mark.parametrize("twice", [False, True])
def test_a_signal_lets_the_epoch_finish_and_a_second_one_does_not(tmp_path: Path, twice: bool) -> None:
    plugin = tmp_path / "slow.py"
    plugin.write_text(SLOW, encoding="utf-8")
    words = [*REGNET, "run", "--plugin", "slow.py", "epochs=50", "hydra.run.dir=here", "tracking=none", *SMALL]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not (tmp_path / "epoch-2").exists():
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            if twice:
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "regnet: interrupted"
    assert len(list((tmp_path / "here").glob("checkpoint-*-2.safetensors"))) == (0 if twice else 1)
    assert not (tmp_path / "epoch-3").exists()


SLOW = """
import pathlib, time, regnet

@regnet.hookimpl
def regnet_epoch_ended(event):
    pathlib.Path(f"epoch-{event.epoch}").touch()
    time.sleep(2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "lockstep"])
def test_other_values_are_other_jobs(inside: Inside, tmp_path: Path, launcher: str) -> None:
    """A sweeper may propose other values: what is finished is not trained again, and what is missing is trained too."""
    given = ("seeds=2", "epochs=2", "tracking=none", "report=none", "hydra.sweep.dir=here", f"hydra/launcher={launcher}", *SMALL)
    assert inside("run", "-m", "optimizer.lr=0.1,0.2,0.3", *given).code == 0
    times = {path: (path / "result.safetensors").stat().st_mtime_ns for path in find_results(tmp_path)}
    lost = tmp_path / "here/2/result.safetensors"
    lost.unlink()
    assert inside("run", "-m", "optimizer.lr=0.05,0.1", *given, "resume=true").code == 0
    plan = read_plan(tmp_path / "here")
    assert plan is not None
    found = {folder: (job.number, job.overrides[0]) for folder, job in plan.jobs.items()}
    assert found == {
        "0": (0, "optimizer.lr=0.1"),
        "1": (1, "optimizer.lr=0.2"),
        "2": (2, "optimizer.lr=0.3"),
        "3": (3, "optimizer.lr=0.05"),
    }
    assert load_result(tmp_path / "here/3").config["optimizer"]["lr"] == 0.05
    assert load_result(tmp_path / "here/2").config["optimizer"]["lr"] == 0.3
    kept = {path: time for path, time in times.items() if path != lost.parent}
    assert {path: (path / "result.safetensors").stat().st_mtime_ns for path in kept} == kept
    assert json.loads(inside("status", "here", "--json").stdout)["state"] == "finished"
