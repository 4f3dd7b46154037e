"""The examples of regnet's data sets: sizes, the real data against scikit-learn, and the disc of the paper."""

from __future__ import annotations

from collections import Counter
from math import pi, sqrt

import pytest
import torch
from torch import Tensor

from regnet.contracts import Split, Splits
from regnet.registry.catalog import Catalog

SIZES = {
    "disc": (1000, 1000, 2),
    "digits": (1438, 359, 64),
    "iris": (120, 30, 4),
    "wine": (142, 36, 13),
    "breast_cancer": (455, 114, 30),
    "diabetes": (354, 88, 10),
}
"""The default numbers of training examples, test examples and features."""


def load(catalog: Catalog, name: str, seed: int = 0, **options: float) -> Splits:
    splits: Splits = catalog.build("dataset", {"name": name, **options}).load(torch.Generator().manual_seed(seed))
    return splits


@pytest.mark.parametrize("name", SIZES)
def test_sizes(catalog: Catalog, name: str) -> None:
    splits = load(catalog, name)
    assert (len(splits.train.y), len(splits.test.y), splits.train.x.shape[-1]) == SIZES[name]
    assert splits.train.x.dtype == splits.test.x.dtype == torch.float32


@pytest.mark.parametrize("name", SIZES)
def test_another_seed_gives_other_examples_in_both_splits(catalog: Catalog, name: str) -> None:
    first, other = load(catalog, name), load(catalog, name, seed=1)
    assert not torch.equal(first.train.x, other.train.x)
    assert not torch.equal(first.test.x, other.test.x)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize(("name", "classes"), [("digits", 10), ("iris", 3), ("wine", 3), ("breast_cancer", 2), ("diabetes", None)])
def test_real_data_equal_scikit_learn(catalog: Catalog, name: str, classes: int | None, share: float) -> None:
    """Each example occurs once, in one of the splits, with its target."""
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    splits = load(catalog, name, seed=1, test_share=share)
    whole = Split(torch.from_numpy(bunch.data).float(), torch.from_numpy(bunch.target).float())
    assert rows(splits.train, splits.test) == rows(whole)
    assert len(splits.test.y) == pytest.approx(share * len(whole.y), abs=0.6)
    assert splits.classes == classes
    assert splits.schema is not None
    assert [column.name for column in splits.schema.columns] == list(map(str, bunch.feature_names))
    if classes is not None:
        assert list(splits.schema.labels) == bunch.target_names.tolist()
        counts = splits.test.y.bincount(minlength=classes) / whole.y.long().bincount()
        assert counts.tolist() == pytest.approx([share] * classes, abs=0.02)


def rows(*splits: Split) -> Counter[tuple[float, ...]]:
    """The number of times that each example (inputs and target) occurs."""
    return Counter(tuple(row) for split in splits for row in torch.cat([split.x, column(split.y)], -1).tolist())


def column(y: Tensor) -> Tensor:
    return y.float().reshape(len(y), -1)


def test_points_of_the_disc_are_uniform(catalog: Catalog) -> None:
    """For 40,000 points: mean ½ and variance 1/12 within five standard errors, and classes as given by `label`."""
    count = 40_000
    split = load(catalog, "disc", train_size=count).train
    x = split.x.double()
    assert ((x >= 0) & (x < 1)).all()
    assert (x.mean(0) - 0.5).abs().max().item() < 5 * sqrt(1 / 12 / count)
    assert (x.var(0) - 1 / 12).abs().max().item() < 5 * sqrt((1 / 80 - 1 / 144) / count)
    assert torch.equal(split.y, catalog.build("dataset", "disc").label(split.x))


def test_position_of_the_disc_is_that_of_the_paper(catalog: Catalog) -> None:
    """Around (½, ½) with radius 1/√(2π) = 0.39894: in every direction 0.398 is inside and 0.400 is not."""
    disc = catalog.build("dataset", "disc")
    angles = torch.linspace(0, 2 * pi, 17)
    circle = torch.stack([angles.cos(), angles.sin()], -1)
    assert disc.label(0.5 + 0.398 * circle).tolist() == [1] * 17
    assert disc.label(0.5 + 0.400 * circle).tolist() == [0] * 17
    assert disc.label(torch.tensor([[0.5, 0.5], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])).tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_label_of_real_data_is_unknown(catalog: Catalog, name: str) -> None:
    assert catalog.build("dataset", name).label(load(catalog, name).test.x) is None
