"""Fewer training examples, wrong labels, and a fixed number of steps, for any data set."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regnet.data.prepare import load_splits
from regnet.errors import BadOption, ConfigError
from tests.conftest import MakeStudy, RunStudy


def rows(study: MakeStudy, *words: str, seed: int = 0) -> tuple[set[tuple[float, ...]], torch.Tensor, torch.Tensor]:
    """The training inputs, the training targets and the test inputs of a seed."""
    splits = load_splits(study(*words).dataset, seed)
    return {tuple(row) for row in splits.train.x.tolist()}, splits.train.y, splits.test.x


@pytest.mark.parametrize("dataset", ["digits", "wine", "diabetes"])
def test_a_part_of_the_training_examples(study: MakeStudy, dataset: str) -> None:
    """A smaller part lies within a larger one, and the test examples are the same."""
    whole, _, test = rows(study, f"dataset={dataset}")
    small, few_y, same = rows(study, f"dataset={dataset}", "dataset.train_size=20")
    larger, _, _ = rows(study, f"dataset={dataset}", "dataset.train_size=60")
    assert len(few_y) == 20
    assert small <= larger
    assert larger <= whole
    assert torch.equal(test, same)
    _, half, _ = rows(study, f"dataset={dataset}", "dataset.train_size=0.5")
    assert len(half) == round(len(rows(study, f"dataset={dataset}")[1]) / 2)
    assert rows(study, f"dataset={dataset}", "dataset.train_size=20", seed=1)[0] != small


def test_more_than_there_are(study: MakeStudy) -> None:
    with pytest.raises(ConfigError, match=r"dataset.train_size=143, and there are 142 training examples"):
        study("dataset=wine", "dataset.train_size=143")
    for wrong in ("0", "1.5", "-1", "many"):
        with pytest.raises((BadOption, ConfigError)):
            study("dataset=wine", f"dataset.train_size={wrong}")


@pytest.mark.parametrize("dataset", ["digits", "disc"])
def test_label_noise(study: MakeStudy, dataset: str) -> None:
    """Exactly that share of the training labels is another class; the test labels are right."""
    _, y, _ = rows(study, f"dataset={dataset}")
    _, noisy, _ = rows(study, f"dataset={dataset}", "dataset.label_noise=0.25")
    assert int((y != noisy).sum()) == round(0.25 * len(y))
    assert set(noisy.tolist()) <= set(y.tolist())
    clean = load_splits(study(f"dataset={dataset}").dataset, 0).test.y
    assert torch.equal(load_splits(study(f"dataset={dataset}", "dataset.label_noise=0.25").dataset, 0).test.y, clean)


def test_noise_of_values(study: MakeStudy) -> None:
    _, y, _ = rows(study, "dataset=diabetes")
    _, noisy, _ = rows(study, "dataset=diabetes", "dataset.label_noise=0.5")
    assert float((noisy - y).std() / y.std()) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize(("steps", "epochs"), [(7, 2), (5, 1), (11, 3), (10, 2)])
@pytest.mark.parametrize("engine", ["handbuilt", "torch"])
def test_steps_in_place_of_epochs(run: RunStudy, engine: str, steps: int, epochs: int) -> None:
    """50 examples in batches of 10: five steps an epoch, and the last epoch ends early."""
    words = ("dataset.train_size=50", "dataset.test_size=20", f"engine={engine}", "seeds=2")
    result = run(*words, f"max_steps={steps}")
    assert result.history["train/loss"].shape == (2, epochs)
    whole = run(*words, f"epochs={epochs}")
    same = steps // 5
    assert np.array_equal(result.history["train/loss"][:, :same], whole.history["train/loss"][:, :same])
    assert np.array_equal(result.history["train/loss"], whole.history["train/loss"]) == (steps % 5 == 0)


def test_a_part_of_an_epoch_is_the_first_batches(run: RunStudy) -> None:
    few = run("dataset.train_size=50", "dataset.test_size=20", "max_steps=2", "optimizer.momentum=0.9")
    slow = run("dataset.train_size=50", "dataset.test_size=20", "max_steps=2", "optimizer.momentum=0.9", "replay=false")
    for name, weights in few.network.weights.items():
        assert torch.equal(weights, slow.network.weights[name])
