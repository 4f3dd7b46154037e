"""Examples that a program holds: frames, arrays, tensors and torch data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import regnet

QUICK = ["epochs=2", "seeds=2", "tracking=none"]
CLASSES = ["loss=cross_entropy", "model.output=null"]
VALUES = ["model.output=null"]
X = np.random.default_rng(0).normal(size=(60, 3)).round(3)
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        (torch.tensor(X), torch.tensor(Y)),
        (X.tolist(), Y.tolist()),
        torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y)),
    ],
    ids=["arrays", "tensors", "lists", "torch"],
)
def test_the_same_examples_in_any_form(data: Any) -> None:
    result = regnet.run([*QUICK, *CLASSES], data=data)
    expected = regnet.run([*QUICK, *CLASSES], data=(X, Y))
    assert result.identity == expected.identity
    assert np.array_equal(result.history["test/loss"], expected.history["test/loss"])
    train, test = result.network.data.train.x, result.network.data.test.x
    data_of = result.network.data
    assert sorted((torch.cat([train, test]) * data_of.scale + data_of.shift)[:, 0].tolist()) == pytest.approx(
        sorted(X[:, 0]), abs=1e-5
    )


def test_values(tmp_path: Path) -> None:
    result = regnet.run([*QUICK, *VALUES], data=(X, X[:, 0] * 2.0))
    assert "test/rmse" in result.history
    assert result.network.predict(torch.tensor(X)).shape == (60, 1)
    assert result.network.predict(pd.DataFrame(X, columns=["x1", "x2", "x3"])).shape == (60,)


def test_a_frame() -> None:
    frame = pd.DataFrame({"height": X[:, 0], "kind": ["a", "b", None] * 20, "alive": Y.astype(bool), "odd name, ü": X[:, 1]})
    result = regnet.run([*QUICK, *CLASSES, "dataset.missing=mean"], data=frame, target="alive")
    assert result.network.predict(frame.drop(columns="alive")).dtype == bool
    assert "from kind: 2 words" in "\n".join(result.notes)
    assert regnet.run([*QUICK, *CLASSES, "dataset.missing=drop"], data=frame, target="alive").identity != result.identity


def test_other_data_are_another_study_and_the_run_can_be_resumed() -> None:
    first = regnet.run([*QUICK, *CLASSES], data=(X, Y))
    assert regnet.run([*QUICK, *CLASSES], data=(X + 1, Y)).identity != first.identity
    assert len(list(Path("outputs/data").iterdir())) == 2
    again = regnet.run([*QUICK, *CLASSES, "hydra.run.dir=here"], data=(X, Y))
    more = regnet.run([*QUICK, *CLASSES, "seeds=3", "hydra.run.dir=here", "resume=true"], data=(X, Y))
    assert more.identity == again.identity
    assert len(more.seeds) == 3


@pytest.mark.parametrize(
    ("data", "target", "words", "said"),
    [
        (X, None, [], "data takes a frame, a pair (x, y) or a torch data set, got ndarray"),
        ((X, Y[:5]), None, [], "got shapes (60, 3) and (5,)"),
        ((X.astype(str), Y), None, [], "give a frame for columns of words"),
        (pd.DataFrame({"a": [1, 2]}), None, [], "target names the column to predict: one of a"),
        (pd.DataFrame({"a": [1, 2] * 9, "b": [1, 2] * 9}), "c", [], "no column 'c' (dataset.target)"),
        (pd.DataFrame([[1, 2]] * 9, columns=["a", "a"]), "a", [], "columns 1 and 2 are both called 'a'"),
        ((X, Y), "y", [], "target names a column of a frame"),
        (None, "y", [], "give data too"),
        ((X, Y), None, ["dataset=disc"], "leave out one of them"),
        ((X, np.zeros(60)), None, [], "0.0 in every row: there is nothing to predict"),
    ],
)
def test_errors(data: Any, target: str | None, words: list[str], said: str) -> None:
    with pytest.raises(regnet.RegnetError) as caught:
        regnet.run([*QUICK, *words], data=data, target=target)
    assert said in str(caught.value)
