"""The numbers of a table: types, words, missing values and splits."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

import regnet
from regnet.builtin.datasets.table import Table
from tests.conftest import Inside
from tests.table.files import MakeFile, draw

ROWS = 40
KINDS = ["oak", "ash", "elm", "ash"] * (ROWS // 4)
"""Twenty times ash, ten times elm and oak; in sorted order they are the classes 0, 1 and 2."""
HEIGHTS = [float(row) for row in range(ROWS)]
"""A different value in every row, so that it identifies the row of an example."""


def both(splits: regnet.Splits) -> tuple[torch.Tensor, torch.Tensor]:
    """The training and test examples in the order of the file, by their first feature."""
    x = torch.cat([splits.train.x, splits.test.x])
    y = torch.cat([splits.train.y, splits.test.y])
    order = x[:, 0].argsort()
    return x[order], y[order]


@pytest.mark.parametrize("name", ["data.csv", "data.parquet"])
def test_words_are_classes_in_sorted_order(file: MakeFile, name: str) -> None:
    splits = draw(Table(file(name, height=HEIGHTS, kind=KINDS), target="kind"))
    x, y = both(splits)
    assert splits.classes == 3
    assert x.dtype == torch.float64
    assert x[:, 0].tolist() == HEIGHTS
    assert y.dtype == torch.int64
    assert y.tolist() == [["ash", "elm", "oak"].index(kind) for kind in KINDS]


def test_numbers_are_values(file: MakeFile) -> None:
    splits = draw(Table(file(height=HEIGHTS, age=[row + 0.5 for row in range(ROWS)]), target="age"))
    _, y = both(splits)
    assert splits.classes is None
    assert y.dtype == torch.float64
    assert y.tolist() == [[row + 0.5] for row in range(ROWS)]


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([3, 7] * 20, "auto", 2),
        ([3, 7] * 20, "regression", None),
        ([True, False] * 20, "auto", 2),
        (list(range(20)) * 2, "auto", 20),
        (list(range(40)), "auto", None),
        ([0.5, 1.5] * 20, "auto", None),
        ([0.5, 1.5] * 20, "classification", 2),
    ],
)
def test_task(file: MakeFile, values: list[float], task: str, classes: int | None) -> None:
    splits = draw(Table(file(height=HEIGHTS, y=values), target="y", task=task))  # type: ignore[arg-type]
    assert splits.classes == classes
    _, y = both(splits)
    if classes is None:
        assert y.flatten().tolist() == [float(value) for value in values]
    else:
        ranks = sorted(set(values))
        assert y.tolist() == [ranks.index(value) for value in values]


def test_default_features_are_all_columns_with_a_name(file: MakeFile) -> None:
    columns = {"Unnamed: 0": range(ROWS), "height": HEIGHTS, "word": KINDS, "alive": [True, False] * 20, "y": [0, 1] * 20}
    x, _ = both(draw(Table(file(**columns), target="y")))
    one_hot = [[float(kind == word) for word in ("ash", "elm", "oak")] for kind in KINDS]
    assert x.tolist() == [[height, *one_hot[row], 1 - row % 2] for row, height in enumerate(HEIGHTS)]


def test_each_word_is_a_feature(file: MakeFile) -> None:
    path = file(kind=KINDS, height=HEIGHTS, y=[0, 1] * 20)
    x, _ = both(draw(Table(path, target="y", features=["height", "kind"])))
    assert x[:, 1:].tolist() == [[float(kind == word) for word in ("ash", "elm", "oak")] for kind in KINDS]


def test_categories_of_parquet_are_words(file: MakeFile) -> None:
    path = file("data.parquet", height=HEIGHTS, size=pd.Categorical(["1", "2"] * 20), y=[0, 1] * 20)
    x, _ = both(draw(Table(path, target="y", features=["height", "size"])))
    assert x[:3, 1:].tolist() == [[1, 0], [0, 1], [1, 0]]
    assert draw(Table(path, target="size")).classes == 2


def test_rows_with_a_missing_value_are_dropped(file: MakeFile) -> None:
    heights = [None if row in (3, 8) else height for row, height in enumerate(HEIGHTS)]
    kinds = [None if row in (8, 9) else kind for row, kind in enumerate(KINDS)]
    x, y = both(draw(Table(file(height=heights, kind=kinds, unused=[None] * ROWS), "kind", ["height"], missing="drop")))
    kept = [row for row in range(ROWS) if row not in (3, 8, 9)]
    assert x[:, 0].tolist() == kept
    assert y.tolist() == [["ash", "elm", "oak"].index(KINDS[row]) for row in kept]


@pytest.mark.parametrize("seed", range(3))
def test_missing_values_are_filled_with_the_mean_of_training_rows(file: MakeFile, seed: int) -> None:
    """For a text feature, with the share of each word."""
    gaps = set(range(0, ROWS, 5))
    weights = [float("inf") if row == 0 else None if row in gaps else row**2 for row in range(ROWS)]
    words = [None if row in gaps else KINDS[row] for row in range(ROWS)]
    table = Table(file(height=HEIGHTS, weight=weights, word=words, y=HEIGHTS), "y", ["height", "weight", "word"], missing="mean")
    splits = draw(table, seed)
    known = [row for row in splits.train.x[:, 0].int().tolist() if row not in gaps]
    mean = sum(row**2 for row in known) / len(known)
    shares = [sum(KINDS[row] == word for row in known) / len(known) for word in ("ash", "elm", "oak")]
    x, _ = both(splits)
    for row, values in enumerate(x.tolist()):
        one_hot = [float(KINDS[row] == word) for word in ("ash", "elm", "oak")]
        expected = [mean, *shares] if row in gaps else [row**2, *one_hot]
        assert values[1:] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_test_rows_are_stratified(file: MakeFile, share: float) -> None:
    splits = draw(Table(file(height=HEIGHTS, kind=KINDS), target="kind", test_share=share))
    counts = [int((splits.test.y == number).sum()) for number in range(3)]
    assert counts == pytest.approx([20 * share, 10 * share, 10 * share], abs=1)
    assert sum(counts) == round(ROWS * share)
    assert sorted(torch.cat([splits.train.x, splits.test.x]).flatten().tolist()) == HEIGHTS


def test_the_sizes_do_not_depend_on_the_seed(file: MakeFile) -> None:
    """Otherwise seeds could not be trained in lockstep."""
    table = Table(file(height=HEIGHTS, kind=[f"k{row // 2}" for row in range(ROWS)]), target="kind", test_share=0.3)
    for seed in range(5):
        splits = draw(table, seed)
        assert (len(splits.train.y), len(splits.test.y)) == (28, 12)
        assert splits.train.y.unique().tolist() == list(range(20))


def test_a_class_of_one_row_is_for_training(file: MakeFile) -> None:
    for seed in range(5):
        splits = draw(Table(file(height=HEIGHTS, kind=["yew", *KINDS[1:]]), target="kind", test_share=0.5), seed)
        assert (splits.train.y == 3).sum() == 1


def test_order_is_random_and_depends_only_on_the_generator(file: MakeFile) -> None:
    table = Table(file(height=HEIGHTS, kind=KINDS), target="kind")
    first, again, other = draw(table), draw(table), draw(table, seed=1)
    assert torch.equal(first.train.x, again.train.x)
    assert torch.equal(first.test.y, again.test.y)
    assert not torch.equal(first.train.x, other.train.x)
    assert first.train.x[:, 0].tolist() != sorted(first.train.x[:, 0].tolist())
    assert first.train.y.tolist() != sorted(first.train.y.tolist())


def test_a_changed_file_is_read_again(file: MakeFile) -> None:
    table = Table(file(height=HEIGHTS, y=HEIGHTS), target="y")
    draw(table)
    file(height=HEIGHTS, y=[100.5 + row for row in range(ROWS)])
    assert draw(table).train.y.min() > 100


def test_another_separator_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("height; y\n" + "".join(f"{row}; {row}.5\n" for row in range(ROWS)))
    x, y = both(draw(Table(str(path), target="y", separator=";")))
    assert x.flatten().tolist() == HEIGHTS
    assert y.flatten().tolist() == [row + 0.5 for row in range(ROWS)]


def test_conforms(file: MakeFile) -> None:
    testing = pytest.importorskip("regnet.testing")
    testing.assert_conforms(Table, path=file(height=HEIGHTS, kind=KINDS), target="kind")


def test_a_network_learns_a_table(file: MakeFile) -> None:
    path = file(
        a=[row % 7 for row in range(200)], b=[row % 11 for row in range(200)], big=[row % 7 > row % 11 for row in range(200)]
    )
    words = ["dataset=table", f"dataset.path={path}", "dataset.target=big", "tracking=none"]
    more = ["model.output=null", "loss=cross_entropy", "optimizer=adam", "optimizer.lr=0.01", "epochs=30", "seeds=2"]
    assert regnet.run([*words, *more]).history["test/error_rate"][:, -1].max() < 0.1


def test_a_file_with_other_content_is_another_study(file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = file(a=range(30), y=["u", "v"] * 15)
    words = ["dataset=table", f"dataset.path={path}", "dataset.target=y", "epochs=1", "tracking=none", "hydra.run.dir=here"]
    first, again = regnet.run(words), regnet.run([*words, "seeds=2", "resume=true"])
    assert first.identity == again.identity
    assert file(a=range(1, 31), y=["u", "v"] * 15) == path
    with pytest.raises(regnet.RegnetError, match="or the content of its data file, are different"):
        regnet.run([*words, "seeds=2", "resume=true"])


@pytest.mark.slow
def test_an_edited_file_is_not_compared_as_the_same_data(inside: Inside, file: MakeFile) -> None:
    """Under the same path; it was compared with paired seeds, and one of the two shown to be better."""
    words = ("dataset=table", "dataset.path=data.csv", "dataset.target=y", "seeds=6", "epochs=1", "report=none")
    file(a=range(30), y=["u", "v"] * 15)
    assert inside("run", *words, "study=before").code == 0
    file(a=range(30), y=["u", "v", "v"] * 10)
    assert inside("run", *words, "study=after").code == 0
    done = inside("compare", "before", "after")
    assert done.code == 2
    assert "a difference may come from the data alone" in done.stderr
    assert done.stderr.count(" with content ") == 2
    file(a=range(30), y=["u", "v"] * 15)
    assert inside("run", *words, "study=again", "optimizer.lr=0.1").code == 0
    assert inside("compare", "before", "again").code == 0
