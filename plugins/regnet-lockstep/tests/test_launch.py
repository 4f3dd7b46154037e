"""A launch in lockstep has the same outputs for each job as one with the basic launcher."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import REGNET, Run
from safetensors.numpy import load_file

from regnet import load_result

RESULT = "result.safetensors"
SMALL = ("epochs=2", "dataset.train_size=40", "dataset.test_size=30", "hydra.sweep.dir=out")
MIXED = ("seed=0,1", "optimizer.lr=0.01,0.03,-1,1e30", "model.hidden=[4],[5]", "engine=handbuilt,torch", "model.output=null")
"""Two sizes, two engines, an invalid learning rate and one that diverges.

The output is not bounded: behind a sigmoid, whether weights of 1e30 make the loss infinite depends on the order of sums.
"""


def launched(regnet_run: Run, folder: Path, launcher: str, *words: str) -> tuple[int, str, str]:
    done = regnet_run(folder, "-m", f"hydra/launcher={launcher}", *SMALL, *words)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr, done.stdout


def jobs(folder: Path) -> dict[str, Path]:
    return {path.parent.name: path.parent for path in (folder / "out").glob("*/.hydra")}


def written_config(job: Path, folder: Path) -> dict[str, Any]:
    """A job's configuration as it is stored, and Hydra's without the launcher."""
    found = {path.stem: path.read_text().replace(str(folder), "FOLDER") for path in (job / ".hydra").iterdir()}
    hydra = yaml.safe_load(found.pop("hydra"))["hydra"]
    hydra["launcher"] = hydra["overrides"]["hydra"] = hydra["runtime"]["choices"]["hydra/launcher"] = None
    log = re.sub(r"^\[[^]]*\]", "[TIME]", (job / "regnet.log").read_text(), flags=re.MULTILINE)
    return found | {"hydra": hydra, "log": log}


def same_jobs(one: Path, other: Path) -> None:
    first, second = jobs(one), jobs(other)
    assert first.keys() == second.keys()
    for name, job in first.items():
        assert written_config(job, one) == written_config(second[name], other)
        assert {path.name for path in job.iterdir()} == {path.name for path in second[name].iterdir()}
        if (job / RESULT).exists():
            same_result(job, second[name])


def same_result(one: Path, other: Path) -> None:
    first, second = load_result(one), load_result(other)
    assert (first.name, first.identity, first.config, first.seeds) == (second.name, second.identity, second.config, second.seeds)
    assert (first.failures, first.stopped) == (second.failures, second.stopped)
    tensors = load_file(other / RESULT)
    for name, value in load_file(one / RESULT).items():
        np.testing.assert_allclose(value, tensors[name], rtol=1e-4, atol=1e-5)


def tracked(folder: Path) -> list[tuple[Any, ...]]:
    """The MLflow runs of a folder's store, without their times and names."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    ignored = ("mlflow.runName", "mlflow.source.git.commit", "regnet.launch_id", "regnet.owner")
    return sorted(
        (
            str(run.data.params),
            run.info.status,
            str({key: value for key, value in run.data.tags.items() if key not in ignored}),
            str({key: round(value, 5) for key, value in run.data.metrics.items() if not key.startswith("time/")}),
            str([file.path for file in client.list_artifacts(run.info.run_id)]),
        )
        for run in runs
        if run.data.tags["regnet.role"] == "run"
    )


def test_jobs_of_a_mixed_sweep_equal_those_of_the_basic_launcher(regnet_run: Run, tmp_path: Path) -> None:
    basic = launched(regnet_run, tmp_path / "basic", "basic", *MIXED)
    lockstep = launched(regnet_run, tmp_path / "lockstep", "lockstep", *MIXED, "hydra.launcher.workers=2")
    assert basic[0] == lockstep[0] == 2
    assert sorted(basic[1].splitlines()) == sorted(lockstep[1].splitlines())
    assert len(jobs(tmp_path / "basic")) == 32
    same_jobs(tmp_path / "basic", tmp_path / "lockstep")
    assert tracked(tmp_path / "basic") == tracked(tmp_path / "lockstep")
    log = lockstep[2]
    assert "6 jobs together, they differ in seed, optimizer.lr: #0, #4, #12, #16, #20, #28" in log
    assert "12 alone, engine=torch trains one seed at a time: #1, #3, #5" in log


def test_jobs_of_several_seeds_are_trained_together(regnet_run: Run, tmp_path: Path) -> None:
    words = ("seeds=3", "optimizer.lr=0.01,0.03", "tracking=none", "shuffle=true")
    for launcher in ("basic", "lockstep"):
        code, _, log = launched(regnet_run, tmp_path / launcher, launcher, *words)
        assert code == 0
    assert "2 jobs together, they differ in optimizer.lr: #0 to #1" in log
    same_jobs(tmp_path / "basic", tmp_path / "lockstep")
    assert [load_result(tmp_path / "lockstep/out" / job).together.tolist() for job in "01"] == [[6, 6, 6]] * 2


def test_optuna_trials_of_a_batch_train_together(regnet_run: Run, tmp_path: Path) -> None:
    study = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=6", "hydra.sweeper.n_jobs=3", "hydra.sweeper.sampler.seed=1")
    for launcher in ("basic", "lockstep"):
        words = (*study, "optimizer.lr=tag(log,interval(0.001,0.1))", "seeds=2", "validation=0.2", "tracking=none")
        code, _, log = launched(regnet_run, tmp_path / launcher, launcher, *words)
        assert code == 0
    assert "3 jobs together, they differ in optimizer.lr: #0 to #2" in log
    assert "3 jobs together, they differ in optimizer.lr: #3 to #5" in log
    same_jobs(tmp_path / "basic", tmp_path / "lockstep")
    best = [yaml.safe_load((tmp_path / name / "out/optimization_results.yaml").read_text()) for name in ("basic", "lockstep")]
    assert best[0]["best_params"] == best[1]["best_params"]
    assert best[0]["best_value"] == pytest.approx(best[1]["best_value"])


def test_jobs_with_their_own_working_directory_run_one_by_one(regnet_run: Run, tmp_path: Path) -> None:
    words = ("seed=0,1", "hydra.job.chdir=true", "tracking=none", "report=none")
    code, _, log = launched(regnet_run, tmp_path, "lockstep", *words)
    assert code == 0
    assert "2 alone, hydra.job.chdir or hydra.job.env_set is set: #0 to #1" in log
    assert len(list(tmp_path.rglob(RESULT))) == 2


def test_invalid_override_is_an_error_before_any_job(regnet_run: Run, tmp_path: Path) -> None:
    code, stderr, _ = launched(regnet_run, tmp_path, "lockstep", "optimizer=sgd", "optimizer.lr=0.1,abc", "tracking=none")
    assert code == 2
    assert "optimizer.lr of optimizer sgd takes float > 0; got 'abc'" in stderr
    assert jobs(tmp_path) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_keeps_completed_jobs(number: signal.Signals, tmp_path: Path) -> None:
    words = [*REGNET, "run", "-m", "hydra/launcher=lockstep", "hydra.launcher.workers=1", "seed=0,1", "tracking=none"]
    words += [*SMALL[1:], "epochs=2,100000"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not (tmp_path / "out/2" / RESULT).exists():  # the second job of the short group
                assert process.poll() is None
                time.sleep(0.1)
            time.sleep(1)
            process.send_signal(number)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    hint = "regnet: 2 of 4 runs are finished, 2 partly trained; to train the others: regnet resume out"
    assert stderr.splitlines() == [hint, "regnet: interrupted"]
    assert {job for job, path in jobs(tmp_path).items() if (path / RESULT).exists()} == {"0", "2"}
