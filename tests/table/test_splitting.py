"""Rows for training and for testing: whole groups, folds that cover every row once, and the last rows by a column."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import regnet
from regnet.builtin.datasets.table import Table
from regnet.errors import BadOption
from tests.table.files import MakeFile, draw

ROWS = 60
ROW = [float(row) for row in range(ROWS)]
"""A different value in every row."""
KINDS = ["ash", "elm", "oak", "oak"] * (ROWS // 4)
PATIENTS = [f"patient {row // 4}" for row in range(ROWS)]
DAYS = [f"2024-{1 + row // 28:02}-{1 + row % 28:02}" for row in range(ROWS)][::-1]


def rows(splits: regnet.Splits) -> tuple[list[int], list[int]]:
    """The training rows and the test rows, by the column ROW."""
    train, test = ([int(value) for value in split.x[:, 0].tolist()] for split in (splits.train, splits.test))
    assert sorted(train + test) == list(range(ROWS))
    return train, test


def test_folds_cover_every_row_once(file: MakeFile) -> None:
    path = file(row=ROW, kind=KINDS)
    tests = []
    for fold in range(5):
        splits = draw(Table(path, "kind", fold=fold))
        train, test = rows(splits)
        assert splits.test.y.unique().tolist() == [0, 1, 2], "every class is in every fold"
        assert len(test) == 12
        assert not set(train) & set(test)
        tests += test
    assert sorted(tests) == list(range(ROWS))
    assert rows(draw(Table(path, "kind", fold=0), 1)) != rows(draw(Table(path, "kind", fold=0), 0))


@pytest.mark.parametrize("options", [{}, {"fold": 0, "folds": 3}])
def test_groups_are_on_one_side(file: MakeFile, options: dict[str, Any]) -> None:
    path = file(row=ROW, patient=PATIENTS, kind=KINDS)
    for seed in range(5):
        splits = draw(Table(path, "kind", group="patient", **options), seed)
        train, test = rows(splits)
        assert not {PATIENTS[row] for row in train} & {PATIENTS[row] for row in test}
        assert len(test) == (20 if options else 12)
        assert splits.train.x.shape[1] == 1, "the group is no feature"


def test_the_last_rows_by_a_column_are_for_testing(file: MakeFile) -> None:
    """Later days are predicted from earlier ones."""
    path = file(row=ROW, day=DAYS, kind=KINDS)
    for seed in range(3):
        _, test = rows(draw(Table(path, "kind", order="day"), seed))
        assert sorted(test) == list(range(12)), "the days are in descending order"
    tied = file("tied.csv", row=ROW, year=[2000 + row // 20 for row in range(ROWS)], kind=KINDS)
    _, test = rows(draw(Table(tied, "kind", order="year")))
    assert sorted(test) == list(range(40, 60)), "equal years are on one side"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group": "patients"}, "no column 'patients' (dataset.group): did you mean 'patient'?"),
        ({"group": "one"}, "has 1 groups, of which 1 would be for testing"),
        ({"order": "patient"}, "dataset.order needs numbers or dates"),
        ({"order": "gap", "missing": "drop"}, "column 'gap' of data.csv lacks values"),
        ({"order": "one", "test_share": 0.2}, "too few rows: 60 make 0 to train on"),
        ({"fold": 5}, "fold=5 of 5 folds: expected 0 to 4"),
        ({"fold": 1, "order": "row"}, "order splits by a column's order, without groups and folds"),
        ({"exclude": ["one"]}, "leave out one of them"),
        ({"separator": "::"}, "expected one character, or tab"),
    ],
)
def test_errors(file: MakeFile, options: dict[str, Any], said: str) -> None:
    gap = [None, *ROW[1:]]
    path = file(row=ROW, patient=PATIENTS, kind=KINDS, one=[1] * ROWS, gap=gap)
    with pytest.raises((regnet.RegnetError, BadOption)) as caught:
        draw(Table(path, "kind", **{"features": ["row"]} | options))
    assert said in str(caught.value)


def test_seeds_with_groups_of_other_sizes_are_trained(file: MakeFile) -> None:
    """In lockstep they would need test sets of one size."""
    path = file(row=ROW, patient=[f"p{min(row, 20)}" for row in range(ROWS)], kind=KINDS)
    words = ["dataset=table", f"dataset.path={path}", "dataset.target=kind", "dataset.group=patient", "epochs=2", "seeds=3"]
    result = regnet.run([*words, "loss=cross_entropy", "tracking=none"])
    assert not result.failures
    assert torch.tensor(result.history["test/error_rate"]).isfinite().all()
