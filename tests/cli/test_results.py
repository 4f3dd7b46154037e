"""`regnet results` and `regnet.load_results`: every run is a row with its parameters, metrics and tags."""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.tracking import MlflowClient

import regnet
from regnet.cli import main
from regnet.errors import TrackingError
from regnet.events import EpochEnded
from regnet.hookspecs import hookimpl
from regnet.machine import describe_machine
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.loading import Plugins, load_plugins
from regnet.registry.selection import OWN
from regnet.study.result import StudyResult
from regnet.tracking.read.columns import RUN_COLUMNS
from regnet.tracking.ui.server import serving

SMALL = ["dataset.train_size=40", "dataset.test_size=30"]


class Store(NamedTuple):
    uri: str
    plain: StudyResult
    adam: StudyResult
    unstable: StudyResult


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("results")
    uri = f"sqlite:///{folder}/mlflow.db"

    def run(*overrides: str) -> StudyResult:
        return regnet.run([f"tracking.uri={uri}", *overrides])

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plain = run("seeds=[3,1]", "epochs=2", *SMALL)
        adam = run("optimizer=adam", "model.hidden=[4]", "epochs=3", "tracking.experiment=other", *SMALL)
        unstable = run("model.output=null", "optimizer.lr=0.14", "epochs=3", "seeds=12", "dataset.train_size=200")
    return Store(uri, plain, adam, unstable)


def test_a_row_for_each_run(store: Store) -> None:
    frame = regnet.load_results(store.uri)
    assert len(frame) == 2 + 1 + 12
    assert frame["run_id"].is_unique
    first = ("run_id", "experiment", "launch", "study", "label", "identity", "seed", "status", "failure", "started")
    assert list(frame.columns[: len(RUN_COLUMNS)]) == [*first, *list(RUN_COLUMNS)[len(first) :]]
    plain = frame[frame["identity"] == store.plain.identity].set_index("seed")
    assert sorted(plain.index) == [1, 3]
    assert set(plain["study"]) == {store.plain.name}
    for name, values in store.plain.history.items():
        assert plain.loc[[3, 1], name].to_numpy() == pytest.approx(values[:, -1])
    assert plain["time/lockstep_replicas"].tolist() == [2, 2]
    assert plain["started"].dt.year.min() > 2000


def test_types_of_parameters(store: Store) -> None:
    frame = regnet.load_results(store.uri)
    types = {"epochs": "Int64", "shuffle": "boolean", "optimizer.lr": "Float64", "optimizer.name": "string"}
    assert {name: str(frame[name].dtype) for name in types} == types
    adam = frame[frame["experiment"] == "other"].iloc[0]
    config = store.adam.config
    assert (adam["epochs"], adam["optimizer.lr"], adam["optimizer.beta1"]) == (3, config["optimizer"]["lr"], 0.9)
    assert (adam["model.hidden"], adam["shuffle"]) == ("[4]", False)
    assert frame["optimizer.beta1"].notna().sum() == 1  # missing for the other runs
    assert not [name for name in frame.columns if name.startswith(("tracking", "report", "plugins"))]


def test_failed_runs_are_rows_with_a_reason(store: Store) -> None:
    failed = store.unstable.failures
    assert 0 < len(failed) < 12
    frame = regnet.load_results(store.uri)
    rows = frame[frame["failure"].notna()]
    assert dict(zip(rows["seed"], rows["failure"], strict=True)) == failed
    assert set(rows["status"]) == {"FAILED"}
    assert rows["test/error_rate"].isna().all()


def test_history_has_a_row_for_each_epoch(store: Store) -> None:
    frame = regnet.load_results(store.uri, "regnet", history=True)
    plain = frame[frame["identity"] == store.plain.identity]
    assert plain["epoch"].tolist() == [1, 2, 1, 2]
    for row, seed in enumerate(store.plain.seeds):
        mine = plain[plain["seed"] == seed]
        for name, values in store.plain.history.items():
            assert np.array_equal(mine[name], values[row])
        assert mine["optimizer.lr"].nunique() == 1
    assert (frame.groupby("run_id")["epoch"].max() <= 3).all()


class Stopper:
    """A plugin that stops seed 1 after the second epoch."""

    @hookimpl
    def regnet_seeds_to_stop(self, event: EpochEnded) -> list[int]:
        return [1] if event.epoch == 2 and 1 in event.seeds else []


class Again(NamedTuple):
    uri: str
    first: StudyResult
    second: StudyResult
    """The study of the first launch with other seeds, one of which was in that launch too."""
    diverged: StudyResult
    """Diverges in the first epoch."""
    stopped: StudyResult


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Again:
    """A store with a seed that was run twice, runs that failed in the first epoch, and one that was stopped early."""
    folder = tmp_path_factory.mktemp("again")
    uri = f"sqlite:///{folder}/mlflow.db"

    def run(*overrides: str) -> StudyResult:
        return regnet.run([f"tracking.uri={uri}", "epochs=3", *SMALL, *overrides])

    def with_stopper(plugins: Plugins | None = None) -> Catalog:
        plugins = plugins or load_plugins()
        plugins.manager.register(Stopper())
        return load_catalog(plugins)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        first, second = run("seeds=[0,1]"), run("seeds=[1,2]")
        diverged = run("model.output=null", "optimizer.lr=1e6", "seeds=2")
        patch.setattr("regnet.api.load_catalog", with_stopper)
        stopped = run("optimizer.lr=1e-12", "seeds=2")
    return Again(uri, first, second, diverged, stopped)


def test_a_seed_that_was_run_again_appears_once(again: Again) -> None:
    frame = regnet.load_results(again.uri)
    mine = frame[frame["identity"] == again.first.identity]
    assert sorted(mine["seed"]) == [0, 1, 2]
    launches = dict(zip(mine["seed"], mine["launch"], strict=True))
    assert launches[1] == launches[2] != launches[0]  # the newer of two finished runs
    assert frame.attrs["left_out"] == 1
    note, added = frame.attrs["notes"]
    assert "was run in 2 launches" in note
    assert "seeds were added later" in added
    every = regnet.load_results(again.uri, duplicates=True)
    assert sorted(every[every["identity"] == again.first.identity]["seed"]) == [0, 1, 1, 2]
    assert every.attrs["left_out"] == 0
    assert len(every) == len(frame) + 1
    history = regnet.load_results(again.uri, history=True)
    assert sorted(history[history["identity"] == again.first.identity]["seed"].value_counts()) == [3, 3, 3]
    launch = regnet.load_results(again.uri, launch=launches[0])
    assert sorted(launch["seed"]) == [0, 1]  # a launch has its own runs


def test_a_finished_run_counts_before_a_newer_failed_one(again: Again, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(Path(again.uri.removeprefix("sqlite:///")).read_bytes())
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    before = regnet.load_results(uri)
    newest = before[(before["identity"] == again.first.identity) & (before["seed"] == 1)].iloc[0]
    MlflowClient(uri).set_terminated(newest["run_id"], "FAILED")
    after = regnet.load_results(uri)
    (other,) = after[(after["identity"] == again.first.identity) & (after["seed"] == 1)]["run_id"]
    assert other != newest["run_id"]


def test_history_has_a_row_for_a_run_that_failed_in_the_first_epoch(again: Again) -> None:
    assert set(again.diverged.failures.values()) == {"diverged in epoch 1: the loss is no longer finite"}
    history = regnet.load_results(again.uri, history=True)
    assert set(history["run_id"]) == set(regnet.load_results(again.uri)["run_id"])
    assert str(history["epoch"].dtype) == "Int64"
    failed = history[history["failure"].notna()]
    assert sorted(failed["seed"]) == [0, 1]
    assert failed["epoch"].isna().all()
    assert failed.filter(regex="/").isna().all(axis=None)
    assert (failed["optimizer.lr"] == 1e6).all()


def test_history_of_a_launch_without_any_epoch(again: Again) -> None:
    frame = regnet.load_results(again.uri)
    launch = frame[frame["failure"].notna()]["launch"].iloc[0]
    history = regnet.load_results(again.uri, launch=launch, history=True)
    assert (len(history), int(history["epoch"].isna().sum())) == (2, 2)


def test_outcome_of_each_run(again: Again) -> None:
    frame = regnet.load_results(again.uri)
    mine = frame[frame["identity"] == again.stopped.identity].set_index("seed")
    assert again.stopped.stopped == {1: 2}
    assert mine["stopped_after_epoch"].dropna().to_dict() == {1: 2}
    assert again.stopped.unlearned
    assert mine["unlearned"].dropna().to_dict() == again.stopped.unlearned
    assert frame[frame["failure"].notna()]["unlearned"].isna().all()
    history = regnet.load_results(again.uri, history=True)
    assert history[history["identity"] == again.stopped.identity].groupby("seed")["epoch"].max().to_dict() == {0: 3, 1: 2}


def test_machine_and_versions_of_each_run(again: Again) -> None:
    frame = regnet.load_results(again.uri)
    expected = {
        "host": socket.gethostname(),
        "machine": describe_machine(),
        "regnet_version": version(OWN),
        "python_version": platform.python_version(),
        "torch_version": torch.__version__,
        "plugin_versions": f"{OWN} {version(OWN)}",
    }
    for name, value in expected.items():
        assert (frame[name] == value).all(), name


def test_commit_is_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("regnet.tracking.tracker.git_commit", lambda: "0123abc")
    regnet.run(["epochs=1", *SMALL])
    assert regnet.load_results()["commit"].tolist() == ["0123abc"]


@pytest.mark.parametrize("history", [False, True])
def test_every_column_is_explained(store: Store, history: bool) -> None:
    frame = regnet.load_results(store.uri, history=history)
    assert list(frame.attrs["columns"]) == list(frame.columns)
    assert all(frame.attrs["columns"].values())
    described = regnet.describe_columns(frame)
    assert list(described.index) == list(frame.columns)
    assert (described["meaning"].str.len() > 5).all()
    assert described["type"].to_dict() == {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert not described["meaning"].str.match(r"the (setting|option) ").any()  # settings are explained, not only named


def test_meanings_and_units_of_columns(store: Store) -> None:
    described = regnet.describe_columns(regnet.load_results(store.uri)).T.to_dict()
    when = "after the last epoch; smaller is better"
    expected = {
        "test/error_rate": ("float64", "1 = 100 %", f"the test error rate {when}"),
        "train/loss": ("float64", "", f"the train loss {when}"),
        "seed": ("Int64", "", "the seed, which distinguishes the runs of a study"),
        "optimizer.lr": ("Float64", "", "learning rate, above 0"),
        "optimizer.name": ("string", "", "which optimizer was chosen"),
        "dataset.label_noise": ("Float64", "", described["dataset.label_noise"]["meaning"]),
        "time/lockstep_train_seconds_per_replica": ("float64", "s", "that time divided by the number of these runs"),
    }
    for name, (kind, unit, meaning) in expected.items():
        assert described[name] == {"type": kind, "unit": unit, "meaning": meaning}
    assert described["dataset.label_noise"]["meaning"].startswith("the share of training examples")
    history = regnet.load_results(store.uri, history=True).attrs["columns"]
    assert history["test/error_rate"] == "the test error rate after this epoch; smaller is better"


def test_options_of_several_components_are_explained_for_each() -> None:
    frame = pd.DataFrame({"dataset.name": ["disc", "iris"], "dataset.test_size": [100.0, None], "mine": 1})
    described = regnet.describe_columns(frame)["meaning"]
    assert described["dataset.test_size"] == "the number of test points"  # of the disc alone
    assert described["mine"] == ""
    layers = pd.DataFrame({"model.layers.0.name": ["linear", "residual"], "model.layers.0.bias": [True, None]})
    assert regnet.describe_columns(layers).loc["model.layers.0.bias", "meaning"] == "whether `b` is added"
    optimizers = pd.DataFrame({"optimizer.name": ["sgd", "rmsprop"], "optimizer.momentum": [0.0, 0.9]})
    assert regnet.describe_columns(optimizers).loc["optimizer.momentum", "meaning"] == "sgd: μ, from 0 to 1; rmsprop: μ, at least 0"


def test_cells_of_a_table_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    regnet.run(["epochs=1", "metrics=[error_rate,confusion_matrix]", *SMALL])
    meaning = regnet.load_results().attrs["columns"]["test/confusion_matrix/0/1"]
    assert meaning == "the test confusion matrix (true class 0, answer 1) after the last epoch"


def test_selection_of_a_launch(store: Store) -> None:
    every = regnet.load_results(store.uri)
    launch = every[every["experiment"] == "other"]["launch"].iloc[0]
    assert regnet.load_results(store.uri, launch=launch)["run_id"].tolist() == every[every["launch"] == launch]["run_id"].tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"experiment": "others"}, "did you mean 'other'?"),
        ({"launch": "outputs/x"}, "no launch is called 'outputs/x': the closest names are 'outputs/"),
        ({"experiment": "Default"}, "experiment 'Default' has no regnet runs"),
    ],
)
def test_errors_of_names(store: Store, given: dict[str, str], message: str) -> None:
    with pytest.raises(TrackingError, match=message.replace("?", r"\?")):
        regnet.load_results(store.uri, **given)


@pytest.mark.slow
def test_server_gives_the_same_result(store: Store) -> None:
    with serving(store.uri, 0) as server:
        server.wait_until_ready()
        uri = server.url.rstrip("/")
        for history in (False, True):
            there, here = (regnet.load_results(where, "regnet", history=history) for where in (uri, store.uri))
            pd.testing.assert_frame_equal(there, here, check_like=True)


@pytest.mark.parametrize("words", [[], ["--history"], ["--experiment", "other"]], ids=" ".join)
def test_written_files(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    experiment = "other" if "other" in words else None
    frame = regnet.load_results(store.uri, experiment, history="--history" in words)
    for name in ("table.parquet", "table.csv"):
        assert main(["results", "--uri", store.uri, "--out", str(tmp_path / name), *words]) == 0
        assert capsys.readouterr().out == f"Written to {tmp_path / name}: {len(frame)} rows, {len(frame.columns)} columns\n"
    parquet = pd.read_parquet(tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(parquet, frame)
    assert parquet.attrs == frame.attrs
    read = pd.read_csv(tmp_path / "table.csv")
    assert list(read.columns) == list(frame.columns)
    assert read["test/loss"].to_numpy() == pytest.approx(frame["test/loss"].to_numpy(), nan_ok=True)
    assert main(["results", "--uri", store.uri, *words]) == 0
    assert capsys.readouterr().out == (tmp_path / "table.csv").read_text()


def test_options_of_the_command(again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", "--uri", again.uri]) == 0
    once = capsys.readouterr()
    assert once.err == "regnet: 1 runs of seeds that were run again are left out: --duplicates keeps them\n"
    assert main(["results", "--uri", again.uri, "--duplicates"]) == 0
    every = capsys.readouterr()
    assert (len(every.out.splitlines()), every.err) == (len(once.out.splitlines()) + 1, "")
    assert main(["results", "--uri", again.uri, "--columns"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "column,type,unit,meaning"
    assert [line.partition(",")[0] for line in lines[1:]] == once.out.splitlines()[0].split(",")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "table.xlsx"], "a table is written as .parquet or .csv, got .xlsx"),
        (["--out", "no/folder/table.csv"], "there is no folder no/folder"),
        (["--uri", "sqlite:///none.db"], "there is no MLflow store"),
        (["--uri", "http://127.0.0.1:9"], "does not answer"),
        (["--launch", "x"], "no launch is called 'x'"),
    ],
    ids=" ".join,
)
def test_user_errors_have_one_line(store: Store, capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert main(["results", "--uri", store.uri, *words]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert message in err


@pytest.mark.slow
def test_output_can_be_piped(store: Store, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "regnet", "results", "--uri", store.uri]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (len(done.stdout.splitlines()), done.stderr) == (16, "")
