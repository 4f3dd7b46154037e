"""Tests of every generated data set: registration, randomness, sizes and types, and that networks learn it."""

from __future__ import annotations

import pytest
import torch
from examples import draw
from regnet_toydata import regnet_datasets

import regnet

TOYS = {"two_moons": 2, "spirals": 3, "checkerboard": 2, "gaussian_mixture": 3, "friedman1": None}
"""The default number of classes of each; None for regression."""

every_toy = pytest.mark.parametrize("name", TOYS)


def toy(name: str, **options: object) -> regnet.Dataset:
    return regnet_datasets()[name](**options)


def test_every_data_set_is_in_the_catalog() -> None:
    catalog = regnet.load_catalog()
    for name, component in regnet_datasets().items():
        entry = catalog.find("dataset", name)
        assert entry.component is component
        assert entry.origin.distribution == "regnet-toydata"


@every_toy
def test_conforms(name: str) -> None:
    testing = pytest.importorskip("regnet.testing")
    testing.assert_conforms(toy(name))


@every_toy
def test_sizes_and_types(name: str) -> None:
    splits = draw(toy(name, train_size=500, test_size=300))
    assert splits.classes == TOYS[name]
    for split, size in ((splits.train, 500), (splits.test, 300)):
        assert split.x.shape == (size, 10 if name == "friedman1" else 2)
        assert split.x.dtype == torch.float32
        assert split.x.isfinite().all()
        if splits.classes is None:
            assert split.y.shape == (size, 1)
            assert split.y.dtype == torch.float32
        else:
            assert split.y.dtype == torch.int64
            assert split.y.unique().tolist() == list(range(splits.classes))


@every_toy
def test_examples_depend_only_on_the_generator(name: str) -> None:
    before = torch.get_rng_state()
    first, again, other = draw(toy(name)), draw(toy(name)), draw(toy(name), seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.train.x, again.train.x)
    assert torch.equal(first.test.y, again.test.y)
    assert not torch.equal(first.train.x, other.train.x)
    assert not torch.equal(first.train.x, first.test.x)


@pytest.mark.parametrize("name", ["two_moons", "spirals", "checkerboard", "gaussian_mixture"])
def test_error_of_a_network_is_not_below_that_of_the_label(name: str) -> None:
    """A briefly trained network is much better than guessing, and the true labels are at least as good, up to chance."""
    words = [f"dataset={name}", "model.output=null", "loss=cross_entropy", "optimizer=adam", "optimizer.lr=0.01", "tracking=none"]
    result = regnet.run([*words, "epochs=10", "seeds=2", "dataset.test_size=4000"])
    for row, network in enumerate(result.networks):
        test = network.data.test
        x = test.x * network.data.scale + network.data.shift
        best = torch.ne(toy(name).label(x), test.y).double().mean().item()
        assert best - 0.005 < result.history["test/error_rate"][row, -1] < 0.2


def test_error_on_friedman1_is_close_to_the_noise() -> None:
    words = ["dataset=friedman1", "model.output=null", "optimizer=adam", "optimizer.lr=0.01", "tracking=none", "epochs=20"]
    found = regnet.run([*words, "dataset.noise=0.5", "dataset.train_size=3000"]).history["test/rmse"][0, -1]
    assert 0.5 < found < 1.5
