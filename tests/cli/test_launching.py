"""What people really type: each kind of mistake is answered by a line that says what to do, and what can be meant is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from regnet.study.storage import find_results, load_result
from tests.cli.test_command import REGNET
from tests.conftest import Inside

ROOT = Path(__file__).parents[2]
SMALL = ("epochs=1", "dataset.train_size=40", "dataset.test_size=30", "report=none")
RUN = ("run", *SMALL, "tracking=none")


def refused(inside: Inside, *words: str) -> str:
    """The line that refuses `regnet run` with these words."""
    done = inside(*RUN, *words)
    assert done.code == 2, done
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("regnet: ")]
    assert "Traceback" not in done.stderr
    return line


def configs(folder: Path) -> list[Path]:
    return sorted(folder.glob("**/result.safetensors"))


def test_a_launch_has_its_own_jobs(inside: Inside, tmp_path: Path) -> None:
    """hydra#990, #2103."""
    assert inside(*RUN, "seeds=2").code == 0
    other = inside(*RUN[:-2], "tracking=none", "report=table", "seed=2", "seeds=2", "hydra.run.dir=.")
    assert other.code == 0
    assert " 2 │" in other.stdout


@pytest.mark.parametrize(
    ("words", "key"), [(("-m", "seed=0,1", "hydra.run.dir=x"), "hydra.sweep.dir"), (("hydra.sweep.dir=x",), "hydra.run.dir")]
)
def test_the_folder_of_the_other_mode_is_refused(inside: Inside, tmp_path: Path, words: tuple[str, ...], key: str) -> None:
    """hydra#2125: it was accepted and ignored."""
    assert f"set {key}" in refused(inside, *words)
    assert not configs(tmp_path)


def test_jobs_with_one_folder_are_refused(inside: Inside, tmp_path: Path) -> None:
    """hydra#1817."""
    assert "jobs 0 and 1 have the same folder, x" in refused(inside, "-m", "seed=0,1", "hydra.sweep.subdir=x")
    assert not configs(tmp_path)


@pytest.mark.parametrize("launcher", ["basic", "lockstep"])
def test_one_study_with_several_names_is_refused(inside: Inside, tmp_path: Path, launcher: str) -> None:
    line = refused(inside, "-m", "study=a,b,c", f"hydra/launcher={launcher}")
    assert "jobs 0 and 1 are the same study" in line
    assert not configs(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--config-name", "foo"), "there is no config file 'foo'"),
        (("--config-path", "/tmp"), "use --config-dir"),
        (("--config-dir", "nowhere"), "there is no folder nowhere"),
        (("--experimental-rerun", "x"), "--config-dir JOB/.hydra --config-name config"),
        (("--resolve",), "--resolve is for --cfg and --help"),
        (("--package", "optimizer"), "--package is for --cfg"),
        (("--shell-completion",), "install=SHELL"),
        (("--run", "-m", "seed=0,1"), "--run and --multirun exclude each other"),
        (("--cfg", "foo"), "invalid choice: 'foo'"),
        (("--epochs=5",), "have no dashes: epochs=5"),
        (("--nosuch",), "unrecognized arguments: --nosuch"),
    ],
)
def test_no_option_of_hydra_is_ignored(inside: Inside, tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    """hydra#2125, #2092."""
    assert expected in refused(inside, *words)
    assert not configs(tmp_path)


def test_options_behind_overrides_count(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "mine/experiment").mkdir(parents=True)
    (tmp_path / "mine/experiment/short.yaml").write_text("# @package _global_\nepochs: 3\nstudy: short\n")
    done = inside("run", "-m", "seed=0,1", *SMALL[1:], "tracking=none", "--config-dir", "mine", "experiment=short")
    assert done.code == 0
    assert [load_result(path).config["epochs"] for path in find_results(tmp_path)] == [3, 3]


def test_a_job_runs_again_from_its_folder(inside: Inside, tmp_path: Path) -> None:
    assert inside(*RUN, "optimizer=adam", "optimizer.lr=0.03", "seeds=2", "hydra.run.dir=first").code == 0
    again = inside("run", "--config-dir", "first/.hydra", "--config-name", "config", "hydra.run.dir=second")
    assert again.code == 0, again.stderr
    first, second = load_result(tmp_path / "first"), load_result(tmp_path / "second")
    assert (first.identity, first.seeds) == (second.identity, second.seeds)
    assert (first.history["test/error_rate"] == second.history["test/error_rate"]).all()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("optimizer=null", "a run needs optimizer=NAME: available: adam, adamw, auto, rmsprop, sgd"),
        ("model=null", "a run needs model=NAME: available: layers, mlp"),
        ("loss=", "a run needs loss=NAME"),
        ("~model", "a run needs model=NAME"),
        ("~dataset", "a run needs dataset=NAME: available: breast_cancer, diabetes, digits, disc, iris, table, wine"),
        ("engine=[]", "a run needs engine=NAME"),
        ("hydra=null", "hydra=NAME"),
        ("hydra/launcher=null", "hydra/launcher=NAME: available: basic"),
        ("dataset=5", "unknown dataset '5'"),
        ("dataset=[disc,digits]", "dataset takes one name"),
        ("optimizer=sgd,sgd", "optimizer takes one name, and was given several: for a sweep add -m"),
        ("optimizer={name: adm}", "unknown optimizer 'adm'"),
        ("study=${nosuch}", "study: Interpolation key 'nosuch' not found"),
        ("epoch=3", "did you mean 'epochs'?"),
    ],
)
def test_groups_and_options_that_are_missing(inside: Inside, tmp_path: Path, word: str, expected: str) -> None:
    assert expected in refused(inside, word)
    assert not configs(tmp_path)


@pytest.mark.parametrize("word", ["tracking=null", "~tracking", "experiment=null", "contender=null", "~experiment", "study=null"])
def test_what_is_optional_can_be_switched_off(inside: Inside, tmp_path: Path, word: str) -> None:
    words = RUN[:-1] if "tracking" in word else RUN
    assert inside(*words, word).code == 0
    assert load_result(next(find_results(tmp_path))).config["tracking"] == {"name": "none"}
    assert not (tmp_path / "mlflow.db").exists()


LISTENER = """
from pathlib import Path
from regnet.hookspecs import hookimpl

@hookimpl
def regnet_study_ended(event):
    Path("noted").write_text("here")
"""


@pytest.mark.parametrize("words", [(), ("-m", "seed=0,1"), ("-m", "seed=0,1", "hydra/launcher=lockstep")])
def test_paths_are_those_of_the_command_line(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """hydra#2282, #2414: also if the jobs have working directories of their own, where the hooks of plugins run."""
    monkeypatch.setenv("REGNET_PLUGINS", "")
    (tmp_path / "data.csv").write_text("a,b,c\n" + "".join(f"{i},{i % 3},{i % 2}\n" for i in range(60)))
    (tmp_path / "noting.py").write_text(LISTENER)
    data = ("dataset=table", "dataset.path=data.csv", "dataset.target=c", "epochs=1", "report=table", "loss=cross_entropy")
    done = inside(
        "run", "--plugin", "noting.py", *words, *data, "tracking.uri=sqlite:///runs.db", "hydra.job.chdir=true", "model.output=null"
    )
    assert done.code == 0, done.stderr
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.db")] == [Path("runs.db")]
    folders = [path.parent for path in configs(tmp_path)]
    assert [(folder / "noted").exists() for folder in folders] == [True] * len(folders)
    assert len(MlflowClient(f"sqlite:///{tmp_path}/runs.db").search_runs(["1"])) == len(folders) + 1


def test_variables_of_mlflow_choose_the_experiment(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    assert inside("run", *SMALL).code == 0
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    mine = client.get_experiment_by_name("mine")
    assert len(client.search_runs([mine.experiment_id])) == 1
    assert inside("run", *SMALL, "tracking.experiment=other", "hydra.run.dir=b").code == 0
    assert client.get_experiment_by_name("other") is not None
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", mine.experiment_id)
    assert inside("run", *SMALL, "seed=1", "hydra.run.dir=c").code == 0
    assert len(client.search_runs([mine.experiment_id])) == 2
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "77")
    done = inside("run", *SMALL, "hydra.run.dir=d")
    assert (done.code, "MLFLOW_EXPERIMENT_ID=77" in done.stderr) == (2, True)


@pytest.mark.parametrize("uri", ["sqlite:///:memory:", "sqlite://"])
def test_a_store_in_memory_is_refused(inside: Inside, uri: str) -> None:
    done = inside("run", *SMALL, f"tracking.uri='{uri}'")
    assert (done.code, "would be gone when the command ends" in done.stderr) == (2, True)


def test_the_status_of_a_launch_that_could_not_start(inside: Inside) -> None:
    assert inside(*RUN, "optimizer.lr=-1", "hydra.run.dir=here").code == 2
    done = inside("status", "here")
    assert done.code == 1
    assert "job 0 failed: optimizer.lr of optimizer sgd should be greater than 0" in done.stdout
    assert "1 jobs could not be started; the launch is failed" in done.stdout


@pytest.mark.parametrize(
    "words",
    [("compare", "--test", "nosuch"), ("report", "nosuch"), ("bench", "--epochs", "many"), ("status", "a", "b"), ("--nosuch",)],
    ids=" ".join,
)
def test_wrong_options_take_one_line(inside: Inside, words: tuple[str, ...]) -> None:
    done = inside(*words)
    assert done.code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("regnet: ")
    assert f"`regnet {words[0]} --help`".replace("--nosuch --help", "--help") in line


def test_the_version_is_regnet_s(inside: Inside) -> None:
    assert inside("run", "--version").stdout.startswith("regnet ")


@pytest.mark.slow
def test_the_folder_above_a_clone_has_regnet(tmp_path: Path) -> None:
    """An editable installation must not be hidden by the clone's folder, which is named regnet too."""
    clone = tmp_path / "regnet"
    (clone / "regnet").mkdir(parents=True)
    (clone / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for name in ("README.md", "LICENSE"):
        (clone / name).write_bytes((ROOT / name).read_bytes())
    (clone / "regnet/__init__.py").write_text("def run():\n    pass\n")
    words = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        "site",
        "-e",
        "regnet",
    ]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    code = "import site; site.addsitedir('site'); import regnet; print(regnet.run)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("<function run"), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("output", ["a closed pipe", "/dev/full", "closed"])
def test_what_is_durable_comes_before_what_is_printed(tmp_path: Path, output: str) -> None:
    """Nobody reads the output, or it cannot be written: the summaries and the registered model are there all the same."""
    words = [*REGNET, "run", "-m", "optimizer.lr=0.01,0.1", *SMALL[:-1], "seeds=2", "tracking.models=all", "tracking.register=best"]
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    command = {
        "a closed pipe": "import os, sys; reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)",
        "/dev/full": "import os, sys; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)",
        "closed": "import os, sys; os.close(1)",
    }[output]
    code = f"{command}; os.execv({words[0]!r}, {words!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    assert len(client.search_runs(["1"], "tags.`regnet.role` = 'summary'")) == 2, done.stderr
    assert client.get_model_version_by_alias("best", "best").version == 1
    assert next(tmp_path.glob("multirun/*/*/report/table.md")).read_text().count("| lr=") == 2


@pytest.mark.parametrize("place", ["{folder}/file/artifacts", "file://{folder}/file/artifacts", "s3://nowhere/artifacts"])
def test_place_of_artifacts_that_cannot_be_written_is_named(place: str, inside: Inside, tmp_path: Path) -> None:
    """The line names the place and how to choose it, and does not blame the store, which has the runs."""
    (tmp_path / "file").touch()
    place = place.format(folder=tmp_path)
    done = inside("run", *SMALL, f"tracking.artifacts={place}")
    assert done.code == 1
    assert f"the files of runs cannot be kept in {place}: " in done.stderr
    assert "tracking.artifacts names where a new experiment keeps them" in done.stderr
    assert "the MLflow store" not in done.stderr
    assert "to write them to the store: regnet sync" in done.stderr
