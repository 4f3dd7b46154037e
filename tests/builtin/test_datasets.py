"""Every data set in the catalog: shapes and types, what a seed decides, and that no test example was trained on."""

from __future__ import annotations

from collections import Counter
from math import pi, sqrt
from typing import Any

import pytest
import torch
from torch import Tensor

from regnet.contracts import Split, Splits
from regnet.data.prepare import load_splits
from tests.builtin.cases import build, entries

every_dataset = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("dataset")])

SIZES = {"disc": (1000, 1000, 2), "digits": (1438, 359, 64), "diabetes": (354, 88, 10)}
"""Training examples, test examples and features, by default."""


def load(entry: Any, seed: int = 0) -> Splits:
    return build(entry).load(torch.Generator().manual_seed(seed))


def equal(one: Split, other: Split) -> bool:
    return torch.equal(one.x, other.x) and torch.equal(one.y, other.y)


@every_dataset
def test_shapes_and_types(entry: Any) -> None:
    splits = load(entry)
    for split in (splits.train, splits.test):
        assert split.x.shape == (len(split.y), splits.train.x.shape[-1])
        assert split.x.dtype == torch.float32
        assert split.x.isfinite().all()
        assert split.y.isfinite().all()
        if splits.classes is None:
            assert split.y.dim() == 2
            assert split.y.dtype == torch.float32
        else:
            assert split.y.dim() == 1
            assert split.y.dtype == torch.int64


@every_dataset
def test_classes_are_counted_from_zero_and_all_occur(entry: Any) -> None:
    splits = load(entry)
    if splits.classes is None:
        pytest.skip("values to be predicted, not classes")
    assert splits.train.y.unique().tolist() == list(range(splits.classes))
    assert set(splits.test.y.tolist()) <= set(range(splits.classes))


@every_dataset
def test_the_generator_decides_alone(entry: Any) -> None:
    before = torch.get_rng_state()
    first, again, other = load(entry), load(entry), load(entry, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert equal(first.train, again.train)
    assert equal(first.test, again.test)
    assert not equal(first.train, other.train)
    assert not equal(first.test, other.test)


@every_dataset
def test_another_seed_gives_other_examples_if_they_are_redrawn(entry: Any) -> None:
    redrawn, fixed = build(entry, redraw=True), build(entry, redraw=False)
    assert not equal(load_splits(redrawn, 1).train, load_splits(redrawn, 2).train)
    assert not equal(load_splits(redrawn, 1).test, load_splits(redrawn, 2).test)
    assert equal(load_splits(redrawn, 1).train, load_splits(redrawn, 1).train)
    assert equal(load_splits(fixed, 1).train, load_splits(fixed, 2).train)
    assert equal(load_splits(fixed, 1).test, load_splits(fixed, 2).test)


@every_dataset
def test_no_example_is_both_trained_on_and_judged_by(entry: Any) -> None:
    splits = load(entry)
    assert not rows(splits.train).keys() & rows(splits.test).keys()


def rows(*splits: Split) -> Counter[tuple[float, ...]]:
    """How often each example, inputs and answer, occurs."""
    return Counter(tuple(row) for split in splits for row in torch.cat([split.x, column(split.y)], -1).tolist())


def column(y: Tensor) -> Tensor:
    return y.float().reshape(len(y), -1)


@pytest.mark.parametrize("name", SIZES)
def test_sizes(catalog: Any, name: str) -> None:
    splits = load(catalog.find("dataset", name))
    assert (len(splits.train.y), len(splits.test.y), splits.train.x.shape[-1]) == SIZES[name]


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_real_data_are_all_used_once(catalog: Any, name: str) -> None:
    """Whatever the split and its size, the two parts together are the same examples."""
    entry = catalog.find("dataset", name)
    small = build(entry, test_share=0.05).load(torch.Generator().manual_seed(1))
    large = build(entry, test_share=0.5).load(torch.Generator().manual_seed(2))
    assert rows(small.train, small.test) == rows(large.train, large.test)
    assert len(small.test.y) == round(0.05 * (len(small.test.y) + len(small.train.y)))


def test_real_data_are_those_of_scikit_learn(catalog: Any) -> None:
    """A row at a time: inputs and answers stay together however they are shuffled."""
    from sklearn.datasets import load_diabetes, load_digits

    for name, bunch in (("digits", load_digits()), ("diabetes", load_diabetes())):
        splits = load(catalog.find("dataset", name))
        whole = Split(torch.from_numpy(bunch.data).float(), torch.from_numpy(bunch.target).float())
        assert rows(splits.train, splits.test) == rows(whole)


def test_half_of_the_disc_s_points_are_inside(catalog: Any) -> None:
    """Of 40,000 points, half within five standard deviations of chance; and uniform in the square, mean ½ and variance 1/12."""
    count = 40_000
    split = build(catalog.find("dataset", "disc"), train_size=count).load(torch.Generator().manual_seed(0)).train
    x = split.x.double()
    assert abs(split.y.double().mean().item() - 0.5) < 5 * 0.5 / sqrt(count)
    assert ((x >= 0) & (x < 1)).all()
    assert (x.mean(0) - 0.5).abs().max().item() < 5 * sqrt(1 / 12 / count)
    assert (x.var(0) - 1 / 12).abs().max().item() < 5 * sqrt((1 / 80 - 1 / 144) / count)


def test_the_disc_s_labels_are_those_of_label(catalog: Any) -> None:
    entry = catalog.find("dataset", "disc")
    splits = load(entry)
    for split in (splits.train, splits.test):
        assert torch.equal(split.y, build(entry).label(split.x))


def test_the_disc_is_where_the_report_puts_it(catalog: Any) -> None:
    """Around (½, ½) with radius 1/√(2π) = 0.39894: in every direction 0.398 is inside and 0.400 is not."""
    disc = build(catalog.find("dataset", "disc"))
    angles = torch.linspace(0, 2 * pi, 17)
    circle = torch.stack([angles.cos(), angles.sin()], -1)
    assert disc.label(0.5 + 0.398 * circle).tolist() == [1] * 17
    assert disc.label(0.5 + 0.400 * circle).tolist() == [0] * 17
    assert disc.label(torch.tensor([[0.5, 0.5], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])).tolist() == [1, 0, 0, 0]


def test_where_the_boundary_is_not_known(catalog: Any) -> None:
    assert build(catalog.find("dataset", "digits")).label(torch.zeros(2, 64)) is None
