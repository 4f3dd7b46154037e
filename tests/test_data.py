"""From examples to tensors ready to train on: normalized and coded by what the training examples say, and stacked by seed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from regnet.builtin.datasets.disc import Disc
from regnet.contracts import Split, Splits
from regnet.data import Data, load_splits, prepare, stack
from regnet.errors import TargetError

TRAIN = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 1.0]])
TEST = torch.tensor([[3.0, 0.0]])
CLASSES = torch.tensor([0, 1, 1])


def splits(train: Tensor = TRAIN, classes: int = 2) -> Splits:
    return Splits(Split(train, CLASSES), Split(TEST, torch.tensor([0])), classes)


def prepared(normalization: Any, given: Splits | None = None) -> Data:
    return prepare(given or splits(), normalization, "signed", torch.float64)


def close(actual: Tensor, expected: Any) -> None:
    torch.testing.assert_close(actual, torch.as_tensor(expected, dtype=torch.float64))


def test_scalar_normalization_is_the_report_s() -> None:
    """One mean and one standard deviation of all six training numbers, 5 and √(86 / 5); the test examples are not asked."""
    data = prepared("scalar")
    scale = (86 / 5) ** 0.5
    close(data.train.x, [[-4 / scale, 5 / scale], [-2 / scale, 5 / scale], [0, -4 / scale]])
    close(data.test.x, [[-2 / scale, -5 / scale]])
    close(data.normalize(TEST.double()), data.test.x)


def test_normalization_by_feature() -> None:
    """Means 3 and 7, standard deviations 2 and √27."""
    data = prepared("feature")
    close(data.train.x, [[-1, 3 / 27**0.5], [0, 3 / 27**0.5], [1, -6 / 27**0.5]])
    close(data.test.x, [[0, -7 / 27**0.5]])


def test_no_normalization() -> None:
    close(prepared("none").train.x, TRAIN)
    close(prepared("none").test.x, TEST)


@pytest.mark.parametrize("normalization", ["scalar", "feature"])
def test_a_constant_is_not_divided_by_zero(normalization: str) -> None:
    data = prepared(normalization, splits(torch.full((3, 2), 7.0)))
    close(data.train.x, torch.zeros(3, 2))
    close(data.test.x, TEST - 7)


def test_targets_are_coded_and_kept() -> None:
    data = prepared("none")
    close(data.train.target, [[1, -1], [-1, 1], [-1, 1]])
    assert torch.equal(data.train.y, CLASSES)


def test_numbers_are_of_the_run_s_type() -> None:
    for dtype in (torch.float32, torch.float64):
        data = prepare(splits(), "scalar", "signed", dtype)
        assert {part.dtype for part in (data.train.x, data.train.target, data.test.x, data.shift, data.scale)} == {dtype}
    assert prepare(splits(), "scalar", "index", torch.float32).train.target.dtype == torch.int64


def test_a_class_number_beyond_the_classes_is_refused() -> None:
    with pytest.raises(TargetError, match="class number 1, expected numbers from 0 to 0"):
        prepared("none", splits(classes=1))


@pytest.mark.parametrize("normalization", ["scalar", "feature", "none"])
def test_stacked_data_are_each_seed_s_own(normalization: Any) -> None:
    alone = [prepared(normalization, load_splits(Disc(train_size=6, test_size=4), seed)) for seed in (0, 1, 2)]
    together = stack(alone)
    x = torch.rand(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for row, own in enumerate(alone):
        for found, expected in ((together.train, own.train), (together.test, own.test)):
            assert torch.equal(found.x[row], expected.x)
            assert torch.equal(found.target[row], expected.target)
            assert torch.equal(found.y[row], expected.y)
        close(together.normalize(x)[row], own.normalize(x))
