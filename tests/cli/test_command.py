"""The command line, run in an empty folder, and in a separate process if the process matters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from regnet.cli import COMMANDS
from regnet.study.storage import find_results, load_result
from tests.conftest import Inside

SMALL = ("epochs=2", "dataset.train_size=40", "dataset.test_size=30")
REGNET = [sys.executable, "-m", "regnet"]


def regnet(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"} | environment
    return subprocess.run([*REGNET, *words], cwd=folder, capture_output=True, text=True, env=env, check=False)


def test_help_loads_no_heavy_modules() -> None:
    code = "import sys, regnet.cli; regnet.cli.main([]); print([m for m in ('torch', 'hydra', 'mlflow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_lists_the_commands(inside: Inside) -> None:
    for words in ([], ["--help"]):
        done = inside(*words)
        assert done.code == 0
        assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("report", "--kind"),
        ("ui", "--port"),
        ("compare", "--unpaired"),
        ("results", "--history"),
        ("plugins check", "--all"),
        ("plugins new", "--kind"),
        ("bench", "--rounds"),
    ],
)
def test_help_of_a_command_loads_no_heavy_modules(command: str, option: str) -> None:
    code = (
        f"import sys, regnet.cli\ntry: regnet.cli.main({[*command.split(), '--help']})\n"
        "finally: print([m for m in ('torch', 'hydra', 'mlflow', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"usage: regnet {command} " in done.stdout
    assert f"  {option} " in done.stdout or f"  {option}\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_defines_its_options() -> None:
    for command in COMMANDS.keys() - {"run"}:
        module = import_module(f"regnet.cli.{command}")
        assert callable(module.add_options)
        assert callable(getattr(module, command))


def test_version(tmp_path: Path) -> None:
    assert regnet(tmp_path, "--version").stdout.startswith("regnet 0.")


def test_run_without_tracking(tmp_path: Path) -> None:
    done = regnet(tmp_path, "run", "seeds=2", "tracking=none", *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "test error rate" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"outputs"}
    (job,) = find_results(tmp_path)
    assert load_result(job).seeds == (0, 1)
    assert {path.name for path in (job / ".hydra").iterdir()} == {"config.yaml", "hydra.yaml", "overrides.yaml"}


def test_same_command_twice_gives_bit_identical_metrics(tmp_path: Path, inside: Inside) -> None:
    """Once in a separate process, and once in a process that has trained before."""
    words = ("run", "seeds=3", "tracking=none", "shuffle=true", *SMALL)
    assert regnet(tmp_path, *words).returncode == 0
    assert inside(*words).code == 0
    first, second = (load_result(job) for job in find_results(tmp_path))
    assert all((first.history[name] == second.history[name]).all() for name in first.history)


def test_sweep_over_seeds_is_a_single_study(tmp_path: Path, inside: Inside) -> None:
    done = inside("run", "-m", "seed=range(0,3)", "tracking=none", *SMALL)
    assert done.code == 0, done.stderr
    jobs = [load_result(job) for job in find_results(tmp_path)]
    assert [job.seeds for job in jobs] == [(0,), (1,), (2,)]
    assert "│ 3 │" in done.stdout  # one row, of three runs
    inside("run", "seeds=3", "tracking=none", "hydra.run.dir=together", *SMALL)
    together = load_result(tmp_path / "together")
    for row, job in enumerate(jobs):
        for name, values in job.history.items():
            assert values[0] == pytest.approx(together.history[name][row], rel=1e-5)


def test_sweep_tracks_every_job_and_summarizes_each_study(tmp_path: Path, inside: Inside) -> None:
    done = inside("run", "-m", "seed=0,1", "optimizer.lr=0.001,0.01", *SMALL)
    assert done.code == 0, done.stderr
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("regnet")
    assert experiment is not None
    roles = [run.data.tags["regnet.role"] for run in client.search_runs([experiment.experiment_id])]
    assert (roles.count("run"), roles.count("summary")) == (4, 2)
    launches = {run.data.tags["regnet.launch"] for run in client.search_runs([experiment.experiment_id])}
    assert launches == {str(folder.relative_to(tmp_path)) for folder in tmp_path.glob("multirun/*/*")}
    report = inside("report", "--kind", "figures", "--out", "again")
    assert report.code == 0, report.stderr
    assert "lr=0.001" in report.stdout
    assert (tmp_path / "again" / "figure3_loss.svg").exists()


def test_failed_job_does_not_affect_the_others(tmp_path: Path, inside: Inside) -> None:
    done = inside("run", "-m", "optimizer.lr=-1,0.01", "tracking=none", *SMALL)
    assert done.code == 2
    assert "should be greater than 0; got -1" in done.stderr
    assert "Traceback" not in done.stderr
    assert [load_result(job).config["optimizer"]["lr"] for job in find_results(tmp_path)] == [0.01]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "optimizer=adm"], "did you mean 'adam'?"),
        (["run", "optimizer.lr=-1"], "should be greater than 0"),
        (["run", "tracking.uri=sqlite:////proc/x.db"], "cannot be used"),
        (["run", "optimizer.lr=0.1,0.2"], "for a sweep add -m"),
        (["report"], "there is no MLflow store"),
        (["run", "experiment=tabel1"], "did you mean 'table1'?"),
        (["run", "--config-dir", "nowhere"], "no folder"),
        (["run", "model.hidden=[2000000,2000000]"], "takes about 128000 GB"),
        (["report", "--uri", "sqlite:////no/folder/x.db"], "there is no MLflow store"),
        (["bench", "--rounds", "0"], "from 1 up"),
        (["benchmark"], "there is no command 'benchmark': did you mean 'bench'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_user_errors_have_at_most_two_lines(tmp_path: Path, inside: Inside, words: list[str], message: str) -> None:
    output = inside(*words)
    assert output.code == 2
    assert message in output.stderr
    assert "Traceback" not in output.stderr
    assert len(output.stderr.strip().splitlines()) <= 2
    assert not (tmp_path / "mlruns").exists()


def test_exit_code_of_a_user_error_is_2(tmp_path: Path) -> None:
    done = regnet(tmp_path, "run", "optimizer=adm")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'adam'?" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_study_whose_seeds_all_diverge_fails(inside: Inside) -> None:
    done = inside("run", "tracking=none", "model.output=null", "optimizer.lr=100", *SMALL)
    assert done.code == 1
    assert "diverged in epoch 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_error_during_an_interrupt_is_reported_as_an_interrupt(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise AttributeError("missing")

    monkeypatch.setattr("regnet.launcher.task.assemble", fail)
    done = inside("run", "tracking=none")
    assert (done.code, done.stderr.splitlines()[-1]) == (130, "regnet: interrupted")
    assert "Traceback" not in done.stderr


def test_bug_keeps_its_traceback(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError("mine")

    monkeypatch.setattr("regnet.launcher.task.assemble", bug)
    with pytest.raises(ZeroDivisionError, match="mine") as raised:
        inside("run", "tracking=none")
    assert raised.traceback[-1].name == "bug"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_interrupted_run_is_marked_as_killed(tmp_path: Path, number: signal.Signals) -> None:
    command = [*REGNET, "run", "seeds=2", "epochs=100000"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not list(tmp_path.glob("mlruns/*/*/artifacts/config.yaml")):  # exists when a run has started
                assert process.poll() is None
                time.sleep(0.1)
            time.sleep(1)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    (folder,) = (path.parent.relative_to(tmp_path) for path in tmp_path.rglob("plan.jsonl"))
    assert errors.splitlines() == [
        f"regnet: 0 of 2 runs are finished, 2 partly trained; to train the others: regnet resume {folder}",
        "regnet: interrupted",
    ]
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    statuses = {run.info.status for run in client.search_runs([one.experiment_id for one in client.search_experiments()])}
    assert statuses == {"KILLED"}
    kind = "figures" if number == signal.SIGTERM else "table"
    assert regnet(tmp_path, "report", "--kind", kind).returncode == 0, "also of a study without a seed that succeeded"


def test_hydra_flags_for_configuration_and_completion(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = inside("run", "--cfg", "job", "optimizer=adam", "optimizer.lr=0.01")
    assert "lr: 0.01" in shown.stdout
    assert "beta1: 0.9" in shown.stdout
    assert "sgd" in inside("run", "--help").stdout
    for line, expected in [
        ("regnet ru", " ".join(COMMANDS)),
        ("regnet run optimizer=", "optimizer=adam optimizer=adamw optimizer=auto optimizer=rmsprop optimizer=sgd"),
        ("regnet run optimizer=adam optimizer.be", "optimizer.beta1= optimizer.beta2="),
    ]:
        monkeypatch.setenv("COMP_LINE", line)
        assert inside("-sc", "query=bash").stdout.strip() == expected
    monkeypatch.delenv("COMP_LINE")
    assert "complete" in inside("run", "-sc", "install=bash").stdout
