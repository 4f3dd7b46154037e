"""Preparation of examples: normalization and coding from the training examples, and stacking by seed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from regnet.builtin.datasets.disc import Disc
from regnet.builtin.datasets.iris import Iris
from regnet.builtin.datasets.table import Table
from regnet.contracts import Dataset, Split, Splits
from regnet.data.prepare import Data, load_examples, load_splits, prepare, set_aside, stack
from regnet.data.sampling import SampledDataset, Sampling
from regnet.errors import ConfigError, TargetError
from regnet.rng import Streams
from tests.builtin.cases import TREES

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
    rest, aside = set_aside(given, 0.2, 3)
    assert aside is not None
    assert (len(rest.train.x), len(aside.x), rest.test.x is given.test.x) == (40, 10, True)
    together = torch.cat([rest.train.x, aside.x])
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, given.train.x.tolist()))
    found = {tuple(x): y for x, y in zip(given.train.x.tolist(), given.train.y.tolist(), strict=True)}
    assert [found[tuple(x)] for x in aside.x.tolist()] == aside.y.tolist()


def test_each_source_of_the_examples_can_be_fixed_alone() -> None:
    def examples(dataset: Dataset, seed: int, **streams: int) -> tuple[Tensor, Tensor, Tensor]:
        splits, aside = load_examples(dataset, 0.2, seed, Streams(**streams))
        assert aside is not None
        return splits.train.x, aside.x, splits.test.x

    def same(dataset: Dataset, **streams: int) -> tuple[bool, ...]:
        pairs = zip(examples(dataset, 1, **streams), examples(dataset, 2, **streams), strict=True)
        return tuple(torch.equal(first, second) for first, second in pairs)

    drawn, divided = Disc(train_size=50, test_size=20), Iris()
    assert same(drawn) == same(divided) == (False, False, False)
    assert same(drawn, data=0) == (False, False, True)
    assert same(drawn, split=0) == (False, False, False)
    assert same(drawn, data=0, split=5) == (True, True, True)
    assert same(divided, data=0) == (False, False, False)
    assert same(divided, split=0) == (True, True, True)
    some = SampledDataset(Iris(), Sampling(train_size=0.5, label_noise=0.5))
    first, second = (load_examples(some, 0, seed, Streams(split=0))[0].train for seed in (1, 2))
    assert torch.equal(first.x, second.x)
    assert not torch.equal(first.y, second.y)


def test_a_fixed_data_set_is_the_same_for_every_seed() -> None:
    by_height = Table(str(TREES), "kind", order="height", missing="drop")
    assert torch.equal(load_splits(by_height, 1).train.x, load_splits(by_height, 2).train.x)


def test_no_validation_examples_by_default() -> None:
    given = splits()
    assert set_aside(given, 0.0, 0) == (given, None)
    assert prepared("scalar").validation is None


def test_validation_must_leave_training_examples() -> None:
    with pytest.raises(ConfigError, match=r"validation=0\.9 leaves none of the 3 training examples"):
        set_aside(splits(), 0.9, 0)


def test_validation_examples_are_scaled_by_the_training_examples() -> None:
    validation = Split(torch.tensor([[3.0, 7.0]]), torch.tensor([1]))
    data = prepare(splits(), "feature", "signed", torch.float64, validation)
    assert data.validation is not None
    close(data.validation.x, [[0, 0]])
    together = stack([data, data])
    assert together.validation is not None
    assert together.validation.x.shape == (2, 1, 2)
