"""Predictions for people's rows: columns by name, in any order, with gaps and unknown words; classes by name, values in their unit.

Reports that are kept here: mlflow#2920 and #4084 (named columns were taken by position).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import regnet
from regnet.errors import DataError
from regnet.serving.predictor import SCORES, Predictor
from tests.conftest import Inside, RunStudy

ROWS = 240
FIT = ("model.output=null", "loss=cross_entropy", "optimizer=adam", "optimizer.lr=0.01", "normalization=feature", "epochs=15")
NEW = "f;k;b;a\nyes;z;1000,5;-2\n;w;990;3,5\nno;;?;-3\n"
"""Columns in another order, without the target, with gaps and with a word that no training row has."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of two classes that depend on its columns: decimal commas, words and truth values."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=ROWS).round(2), (random.normal(size=ROWS) * 100 + 1000).round(2)
    words, flags = random.choice(["x", "y", "z"], ROWS), random.choice(["yes", "no"], ROWS)
    good = np.where(a + (words == "x") > 0, "good", "bad")
    lines = [f"{p};{q};{word};{flag};{kind}" for p, q, word, flag, kind in zip(a, b, words, flags, good, strict=True)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a;b;k;f;y", *lines]).replace(".", ",") + "\n")
    return path


def trained(run: RunStudy, table: Path, *words: str) -> regnet.StudyResult:
    return run("dataset=table", f"dataset.path={table}", "dataset.target=y", *FIT, *words)


def test_columns_are_found_by_name(run: RunStudy, table: Path) -> None:
    network = trained(run, table).network
    frame = pd.read_csv(table, sep=";", decimal=",")
    answers = network.predict(frame)
    assert isinstance(answers, pd.Series)
    assert answers.name == "y"
    assert (answers == frame["y"]).mean() > 0.9
    assert network.predict(frame[["f", "k", "b", "a"]]).equals(answers)
    assert network.predict(frame.astype({"b": "float32"})).equals(answers)
    assert network.predict(pd.read_csv(table, sep=";", dtype=str)).equals(answers), "texts are read as in the file"
    with pytest.raises(DataError, match=r"no column 'a', which the network was trained with: .*Columns: b, k, f, y"):
        network.predict(frame.drop(columns="a"))
    with pytest.raises(DataError, match=r"column 'a' has 'much' in row 2, expected a number"):
        network.predict(pd.DataFrame({"a": ["1,5", "much"], "b": [1, 2], "k": ["x", "x"], "f": ["yes", "no"]}))


def test_gaps_and_unknown_words_are_filled_as_for_training(run: RunStudy, table: Path) -> None:
    network = trained(run, table).network
    schema = network.data.schema
    assert schema is not None
    fill = {column.name: column.fill for column in schema.columns}
    x = network.data.train.x * network.data.scale + network.data.shift
    assert [*fill["a"], *fill["b"], *fill["k"], *fill["f"]] == pytest.approx(x.mean(0).tolist(), rel=1e-5)
    new = pd.DataFrame({"a": [None, 0.5], "b": [1.0, None], "k": ["never seen", None], "f": [None, "no"]})
    by_hand = [[*fill["a"], 1.0, *fill["k"], *fill["f"]], [0.5, *fill["b"], *fill["k"], 0.0]]
    assert torch.equal(network.output(new), network.output(torch.tensor(by_hand, dtype=torch.float64)))


def test_values_have_the_unit_of_the_target(run: RunStudy, tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    path.write_text("rooms,price\n" + "".join(f"{row % 7},{1000 * (row % 7) + 50_000}\n" for row in range(210)))
    network = run(
        "dataset=table", f"dataset.path={path}", "dataset.target=price", "dataset.task=regression", *FIT[:1], *FIT[2:], "epochs=60"
    ).network
    answers = network.predict(pd.DataFrame({"rooms": [0, 6]}))
    assert answers.tolist() == pytest.approx([50_000, 56_000], abs=300)


def test_no_class_for_outputs_that_are_not_numbers(run: RunStudy) -> None:
    """Class 0 was the answer."""
    network = run("epochs=1", "dataset.train_size=20", "dataset.test_size=20").network
    with pytest.raises(DataError, match=r"no class for row 1 \(the first is 0\)"):
        network.predict(torch.tensor([[0.1, 0.2], [torch.nan, 0.2]]))
    with pytest.raises(DataError, match=r"shape \(2, 3\), expected \(N, 2\)"):
        network.predict(torch.ones(2, 3))


def test_predictor_for_mlflow(run: RunStudy, table: Path) -> None:
    network = trained(run, table).network
    frame = pd.read_csv(table, sep=";", decimal=",").head()
    predictor = Predictor(network)
    expected = network.predict(frame).tolist()
    assert predictor.predict(frame[["k", "b", "a", "f"]]).tolist() == expected
    assert predictor.predict(frame.drop(columns="y").to_dict("list")).tolist() == expected
    assert predictor.predict(frame.drop(columns="y").to_numpy()).tolist() == expected
    assert predictor.predict(frame, {SCORES: True}).tolist() == network.output(frame).tolist()


def test_command(inside: Inside, table: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(NEW)
    words = ("dataset=table", "dataset.path=table.csv", "dataset.target=y", *FIT, "seeds=2", "hydra.run.dir=job")
    assert inside("run", *words, "tracking=none", "report=none").code == 0
    done = inside("predict", "job", "new.csv")
    assert done.code == 0
    assert done.stdout.splitlines()[0] == "f,k,b,a,predicted y"
    assert [line.rpartition(",")[2] for line in done.stdout.splitlines()[1:]] == ["bad", "good", "bad"]
    assert done.stdout.splitlines()[2].startswith(',w,990,"3,5",'), "cells are as in the file"
    scores = inside("predict", "job", "new.csv", "--scores", "--seed", "1").stdout.splitlines()
    assert scores[0].endswith("predicted y,score bad,score good")
    assert inside("predict", "job", "new.csv", "--out", "answers.parquet").code == 0
    assert pd.read_parquet(tmp_path / "answers.parquet")["predicted y"].tolist() == ["bad", "good", "bad"]
    network = regnet.load_model(tmp_path / "job", seed=1)
    assert network.predict(pd.read_csv(tmp_path / "new.csv", sep=";")).tolist() == ["bad", "good", "bad"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere", "new.csv"), "there is no folder nowhere, and it is no model in MLflow"),
        (("models:/nothing@best", "new.csv"), "the model models:/nothing@best cannot be loaded"),
        (("job", "old.csv"), "there is no file old.csv (FILE)"),
        (("job", "new.csv", "--seed", "7"), "job has no network of seed 7: it has those of 0"),
        (("job", "new.csv", "--out", "answers.xlsx"), "a table is written as .parquet or .csv, got .xlsx"),
        ((".", "new.csv"), ". has 2 jobs: name one of them, such as"),
        (("empty", "new.csv"), "empty has no result.safetensors: it is no folder of a job"),
    ],
)
def test_errors_of_the_command(inside: Inside, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "new.csv").write_text("x,y\n0.5,0.5\n")
    small = ("run", "epochs=1", "dataset.train_size=20", "dataset.test_size=20", "tracking=none", "report=none")
    for name in ("job", "other"):
        assert inside(*small, f"hydra.run.dir={name}").code == 0
    done = inside("predict", *words)
    assert done.code == 2
    assert done.stderr.splitlines()[-1].startswith("regnet: ")
    assert said in done.stderr


def test_a_network_without_names_takes_a_file_by_position(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x,y\n0.5,0.5\n0,1\n")
    assert inside("run", "epochs=20", "seeds=1", "tracking=none", "report=none", "hydra.run.dir=job").code == 0
    assert inside("predict", "job", "new.csv").stdout.splitlines() == ["x,y,predicted", "0.5,0.5,1", "0,1,0"]
    (tmp_path / "new.csv").write_text("x,y,z\n0.5,0.5,1\n")
    assert "expected (N, 2): the network takes 2 features" in inside("predict", "job", "new.csv").stderr
