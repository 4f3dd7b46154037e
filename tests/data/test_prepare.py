"""Preparation of examples: normalization and coding from the training examples, and stacking by seed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from regnet.builtin.datasets.disc import Disc
from regnet.contracts import Split, Splits
from regnet.data.prepare import Data, load_splits, prepare, set_aside, stack
from regnet.errors import ConfigError, TargetError

TRAIN = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 1.0]])
TEST = torch.tensor([[3.0, 0.0]])
CLASSES = torch.tensor([0, 1, 1])


def splits(train: Tensor = TRAIN, classes: int = 2) -> Splits:
    return Splits(Split(train, CLASSES), Split(TEST, torch.tensor([0])), classes)


def prepared(normalization: Any, given: Splits | None = None) -> Data:
    return prepare(given or splits(), normalization, "signed", torch.float64)


def close(actual: Tensor, expected: Any) -> None:
    torch.testing.assert_close(actual, torch.as_tensor(expected, dtype=torch.float64))


def test_scalar_normalization_is_that_of_the_paper() -> None:
    """One mean and one standard deviation of all six training numbers, 5 and √(86 / 5), without the test examples."""
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
def test_constant_feature_is_not_divided_by_zero(normalization: str) -> None:
    data = prepared(normalization, splits(torch.full((3, 2), 7.0)))
    close(data.train.x, torch.zeros(3, 2))
    close(data.test.x, TEST - 7)


def test_targets_are_coded_and_kept() -> None:
    data = prepared("none")
    close(data.train.target, [[1, -1], [-1, 1], [-1, 1]])
    assert torch.equal(data.train.y, CLASSES)


def test_dtype_of_the_run() -> None:
    for dtype in (torch.float32, torch.float64):
        data = prepare(splits(), "scalar", "signed", dtype)
        assert {part.dtype for part in (data.train.x, data.train.target, data.test.x, data.shift, data.scale)} == {dtype}
    assert prepare(splits(), "scalar", "index", torch.float32).train.target.dtype == torch.int64


def test_class_number_out_of_range_is_an_error() -> None:
    with pytest.raises(TargetError, match="class number 1, expected numbers from 0 to 0"):
        prepared("none", splits(classes=1))


@pytest.mark.parametrize("normalization", ["scalar", "feature", "none"])
def test_stacked_data_of_each_seed(normalization: Any) -> None:
    alone = [prepared(normalization, load_splits(Disc(train_size=6, test_size=4), seed)) for seed in (0, 1, 2)]
    together = stack(alone)
    x = torch.rand(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for row, own in enumerate(alone):
        for found, expected in ((together.train, own.train), (together.test, own.test)):
            assert torch.equal(found.x[row], expected.x)
            assert torch.equal(found.target[row], expected.target)
            assert torch.equal(found.y[row], expected.y)
        close(together.normalize(x)[row], own.normalize(x))


def test_validation_examples_are_training_examples() -> None:
    given = Disc(train_size=50, test_size=20).load(torch.Generator().manual_seed(0))
    rest, aside = set_aside(given, 0.2, 3, redraw=True)
    assert aside is not None
    assert (len(rest.train.x), len(aside.x), rest.test.x is given.test.x) == (40, 10, True)
    together = torch.cat([rest.train.x, aside.x])
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, given.train.x.tolist()))
    found = {tuple(x): y for x, y in zip(given.train.x.tolist(), given.train.y.tolist(), strict=True)}
    assert [found[tuple(x)] for x in aside.x.tolist()] == aside.y.tolist()


def test_validation_examples_depend_on_the_seed_if_the_data_do() -> None:
    given = Disc(train_size=50, test_size=20).load(torch.Generator().manual_seed(0))

    def aside(seed: int, redraw: bool) -> Tensor:
        part = set_aside(given, 0.2, seed, redraw=redraw)[1]
        assert part is not None
        return part.x

    assert torch.equal(aside(1, True), aside(1, True))
    assert not torch.equal(aside(1, True), aside(2, True))
    assert torch.equal(aside(1, False), aside(2, False))


def test_no_validation_examples_by_default() -> None:
    given = splits()
    assert set_aside(given, 0.0, 0, redraw=True) == (given, None)
    assert prepared("scalar").validation is None


def test_validation_must_leave_training_examples() -> None:
    with pytest.raises(ConfigError, match=r"validation=0\.9 leaves none of the 3 training examples"):
        set_aside(splits(), 0.9, 0, redraw=True)


def test_validation_examples_are_scaled_by_the_training_examples() -> None:
    validation = Split(torch.tensor([[3.0, 7.0]]), torch.tensor([1]))
    data = prepare(splits(), "feature", "signed", torch.float64, validation)
    assert data.validation is not None
    close(data.validation.x, [[0, 0]])
    together = stack([data, data])
    assert together.validation is not None
    assert together.validation.x.shape == (2, 1, 2)
