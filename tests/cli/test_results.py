"""`regnet results` and `regnet.load_results`: every run is a row with its parameters, metrics and tags."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import regnet
from regnet.cli import main
from regnet.errors import TrackingError
from regnet.study.result import StudyResult
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
    assert list(frame.columns[:10]) == [
        *("run_id", "experiment", "launch", "study", "label", "identity", "seed", "status", "failure", "started")
    ]
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
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table.parquet"), frame)
    read = pd.read_csv(tmp_path / "table.csv")
    assert list(read.columns) == list(frame.columns)
    assert read["test/loss"].to_numpy() == pytest.approx(frame["test/loss"].to_numpy(), nan_ok=True)
    assert main(["results", "--uri", store.uri, *words]) == 0
    assert capsys.readouterr().out == (tmp_path / "table.csv").read_text()


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
