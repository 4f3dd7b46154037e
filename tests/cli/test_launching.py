"""What people really type: each kind of mistake is answered by a line that says what to do, and what can be meant is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

import regnet
from regnet.config.overrides import override, parse
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
        ("optimizer=null", "a run needs optimizer=NAME: available: adam, adamw, rmsprop, sgd"),
        ("model=null", "a run needs model=NAME: available: layers, mlp"),
        ("loss=", "a run needs loss=NAME"),
        ("~model", "a run needs model=NAME"),
        ("~dataset", "a run needs dataset=NAME: available: diabetes, digits, disc"),
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


BOMB = "\n".join(f"x{n}: &x{n} [{', '.join(['x' if n == 0 else f'*x{n - 1}'] * 9)}]" for n in range(9))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfepochs: 2\n", "mine.yaml, line 1: starts with a byte order mark: save it as UTF-8 without one"),
        (b"defaults: [config]\n\tepochs: 2\n", "mine.yaml, line 2: a tab, which YAML does not take for indentation: use spaces"),
        (b"epochs: 2\nseed: 1\nepochs: 3\n", "mine.yaml, line 3: epochs is there already, in line 1: remove one"),
        (b"model:\n  a: 1\n  a: 2\n", "mine.yaml, line 3: a is there already, in line 2: remove one"),
        (b"epochs: 2\nstudy: caf\xe9\n", "mine.yaml, line 2: is not UTF-8, at byte 0xe9: save it as UTF-8"),
        (b"- a\n- b\n", "mine.yaml, line 1: expected options as `key: value`, got a list"),
        (b"\njust text\n", "mine.yaml, line 2: expected options as `key: value`, got a single value, 'just text'"),
        (b"a: [1,\n", "mine.yaml, line 2: is not YAML"),
        (b"", "begin your config file with `defaults: [config, _self_]`"),
        (b"a: 1\n", "begin your config file with `defaults: [config, _self_]`"),
        (
            b"defaults: [config, _self_]\nepochz: 2\n",
            "config file mine: the configuration has no option 'epochz': did you mean 'epochs'?",
        ),
        (BOMB.encode(), "mine.yaml: has more than 100000 values, when its aliases are replaced"),
        (b"a: " + b"[" * 60 + b"]" * 60, "mine.yaml: has more than 50 mappings and lists within each other"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "mine.yaml: has more than 50 mappings and lists within each other"),
        (b"a: &a [*a]\n", "mine.yaml"),
        (b"a: '" + b"x" * 2_000_000 + b"'\n", "mine.yaml has 2000006 bytes, and a config file may have 1000000"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else value[-40:],
)
def test_config_files(inside: Inside, tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    assert expected in refused(inside, "--config-dir", ".", "--config-name", "mine")


def test_a_missing_package_header(inside: Inside, tmp_path: Path) -> None:
    """hydra#1548."""
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("epochs: 2\n")
    line = refused(inside, "--config-dir", ".", "experiment=mine")
    assert "config file experiment/mine" in line
    assert "put `# @package _global_` into its first line" in line


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("study=#1", "'#' at character 7 cannot be read"),
        ("study=李明", "'李' at character 7 cannot be read"),
        ("study=foo=bar", "'=' at character 10 cannot be read"),
        ("dataset.target=espèce", "'è' at character 19 cannot be read"),
        ("study=it's", '"\'" at character 9 cannot be read'),
        ("study=a!b", "'!' at character 8 cannot be read"),
        ("seeds=[1,2", "close every bracket and quote"),
        ("seed=1,", "close every bracket and quote"),
        ("foo", "foo is no override: write KEY=VALUE"),
        ("é=1", "'é' is no key of the configuration"),
    ],
)
def test_overrides_that_cannot_be_read(inside: Inside, word: str, expected: str) -> None:
    line = refused(inside, word)
    assert line.startswith(f"regnet: {word}")
    assert expected in line


@pytest.mark.parametrize(
    "text", ["#1", "李明", "foo=bar", "it's", 'a "b" c', 'it\'s "so"', "a\\b\\", "${seed}", "", "{a: 1}", "1,2", " x "]
)
def test_any_text_can_be_given(inside: Inside, tmp_path: Path, text: str) -> None:
    """The quoted form that an error shows gives the text as it is."""
    word = override("study", text)
    assert parse(word).value() in (text, text.replace("${", "\\${"))
    assert inside(*RUN, word).code == 0
    assert load_result(next(find_results(tmp_path))).config["study"] == text


@pytest.mark.parametrize("name", ["it's", 'a "b"', "a, b", "a=b", "李明", "a[1]", "50%", "#1"])
@pytest.mark.parametrize("sweep", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_any_folder_can_be_the_working_directory(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sweep: bool
) -> None:
    """hydra#1832."""
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    done = inside("run", *SMALL, *(("-m", "seed=0,1") if sweep else ()))
    assert done.code == 0, done.stderr
    assert len(configs(tmp_path / name)) == 1 + sweep
    assert inside("resume").code == 0
    assert inside("results").code == 0


def test_a_folder_that_hydra_would_interpolate_is_refused(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "${x}").mkdir()
    monkeypatch.chdir(tmp_path / "${x}")
    assert "the name of the working directory has ${ in it, which Hydra reads as an interpolation" in refused(inside)


def test_a_mapping_starts_from_the_component_it_names(inside: Inside, tmp_path: Path) -> None:
    words = ("optimizer={name: adam, lr: 0.03},{name: sgd, momentum: 0.5},rmsprop", "hydra.sweep.dir=s")
    assert inside(*RUN, "-m", *words).code == 0
    found = {path.name: load_result(path).config["optimizer"] for path in find_results(tmp_path)}
    assert found["0"] == {"name": "adam", "lr": 0.03, "beta1": 0.9, "beta2": 0.999, "eps": 1e-08, "weight_decay": 0.0}
    assert (found["1"]["name"], found["1"]["momentum"], found["1"]["lr"]) == ("sgd", 0.5, 0.001)
    assert found["2"]["name"] == "rmsprop"
    assert regnet.run([*SMALL, "tracking=none", "optimizer={name: adam, lr: 0.03}"]).config["optimizer"] == found["0"]


def test_a_mapping_in_a_config_file_does_too(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\noptimizer: {name: adam, lr: 0.03}\n")
    (tmp_path / "own.yaml").write_text(
        "defaults: [config, _self_]\noptimizer: {name: adam, lr: 0.03}\nloss: {name: huber, delta: 2.0}\n"
    )
    assert inside(*RUN, "--config-dir", ".", "experiment=mine", "optimizer.beta1=0.5", "hydra.run.dir=a").code == 0
    assert inside(*RUN, "--config-dir", ".", "--config-name", "own", "hydra.run.dir=b").code == 0
    first, second = load_result(tmp_path / "a").config, load_result(tmp_path / "b").config
    assert first["optimizer"] == {"name": "adam", "lr": 0.03, "beta1": 0.5, "beta2": 0.999, "eps": 1e-08, "weight_decay": 0.0}
    assert (second["optimizer"]["beta1"], second["loss"]) == (0.9, {"name": "huber", "delta": 2.0, "reduction": "mean"})


def test_options_of_another_component_are_refused(inside: Inside) -> None:
    assert "optimizer adam has no option 'momentum'" in refused(inside, "optimizer={name: adam, momentum: 0.5}")


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


LAYER = """
import beside
from regnet.hookspecs import hookimpl
from regnet.builtin.layers.relu import ReLU

class {name}(ReLU):
    pass

@hookimpl
def regnet_layers():
    return {{"{name}": {name}}}
"""


@pytest.mark.parametrize("given", ["--plugin", "plugins={}", "plugins=[{}]", "plugins='{}'", "plugins=['{}']"])
def test_plugin_files(inside: Inside, tmp_path: Path, given: str) -> None:
    """A file may import another one beside it, and switches no other plugin off."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/beside.py").write_text("")
    (tmp_path / "own/mine.py").write_text(LAYER.format(name="mine"))
    for file in ("own/mine.py", str(tmp_path / "own/mine.py")):
        words = ("--plugin", file) if given == "--plugin" else (given.format(file),)
        assert inside(*RUN, *words, "model.activation=mine").code == 0
    result = regnet.run([*SMALL, "tracking=none", f"plugins=['{tmp_path}/own/mine.py']", "model.activation=mine"])
    assert result.config["model"]["activation"] == "mine"


def test_two_plugin_files_of_one_name(inside: Inside, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beside.py").write_text("")
        (tmp_path / name / "mine.py").write_text(LAYER.format(name=name))
    files = ("--plugin", "first/mine.py", "--plugin", "second/mine.py")
    assert inside(*RUN, *files, "model.activation=first", "model.output=second").code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--plugin", "."), "--plugin takes a .py file, got ."),
        (("--plugin", "nosuch.py"), "there is no plugin file"),
        (("plugins=.",), ". is no plugin: name a .py file"),
        (("plugins=nosuch",), "no plugin nosuch is installed: available:"),
        (("--plugin", "regnet-toydata"), "plugins=regnet-toydata is for a distribution that is installed"),
    ],
)
def test_plugins_that_are_none(inside: Inside, words: tuple[str, ...], expected: str) -> None:
    assert expected in refused(inside, *words)


def test_a_plugin_file_that_is_broken_ends_the_command(inside: Inside, tmp_path: Path) -> None:
    """It was asked for by name: training without it would not be what was asked."""
    (tmp_path / "mine.py").write_text("import nosuch\n", encoding="utf-8")
    done = inside(*RUN, "--plugin", "mine.py")
    assert done.code == 2
    assert "plugin mine.py is broken: ModuleNotFoundError: No module named 'nosuch'" in done.stderr
    assert not (tmp_path / "outputs").exists()


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


def test_reports_know_plugin_files(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "mine.py").write_text(LAYER.format(name="mine"))
    assert inside("run", *SMALL, "--plugin", "mine.py", "model.activation=mine").code == 0
    done = inside("report", "--plugin", "mine.py", "--kind", "figures")
    assert done.code == 0, done.stderr


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
    assert next(tmp_path.glob("multirun/*/*/report/table.md")).read_text().count("lr=") == 2
