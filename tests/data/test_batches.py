"""The batches of an epoch: every example once, in the given order or in the random order of each seed."""

from __future__ import annotations

import pytest
import torch

from regnet.data.batches import Batches
from regnet.data.prepare import Examples

SIZE = 10


def examples(replicas: int = 0) -> Examples:
    """Example `i` of replica `r` is the number ``100 r + i``, as input, target and class."""
    numbers = torch.arange(float(SIZE)).unsqueeze(-1)
    if replicas:
        numbers = torch.stack([100 * replica + numbers for replica in range(replicas)])
    return Examples(numbers, numbers.clone(), numbers.clone())


def order(batches: Batches, row: int | None = None) -> list[float]:
    """The examples of an epoch in order, with inputs and targets side by side."""
    epoch = [(x, target) if row is None else (x[row], target[row]) for x, target in batches.epoch()]
    assert all(torch.equal(x, target) for x, target in epoch)
    return [number for x, _ in epoch for number in x.flatten().tolist()]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(("size", "lengths"), [(5, [5, 5]), (4, [4, 4, 2]), (1, [1] * 10), (10, [10]), (64, [10])])
def test_last_batch_has_the_remaining_examples(size: int, lengths: list[int], shuffle: bool) -> None:
    alone = Batches(examples(), size, shuffle, [0]).epoch()
    assert [x.shape for x, _ in alone] == [(length, 1) for length in lengths]
    together = Batches(examples(2), size, shuffle, [0, 1]).epoch()
    assert [x.shape for x, _ in together] == [(2, length, 1) for length in lengths]
    assert all(x.is_contiguous() and target.is_contiguous() for x, target in together)


def test_the_last_batch_can_be_left_out() -> None:
    assert order(Batches(examples(), 4, False, [0], drop_last=True)) == list(range(8))
    shuffled = Batches(examples(2), 4, True, [0, 1], drop_last=True)
    first, second = order(shuffled, 1), order(shuffled, 1)
    assert len(first) == len(set(first)) == 8
    assert set(first) != set(second)
    assert order(Batches(examples(), 5, False, [0], drop_last=True)) == list(range(10))


def test_order_without_shuffling() -> None:
    batches = Batches(examples(), 4, False, [0])
    assert order(batches) == order(batches) == list(range(SIZE))


def test_shuffled_epoch_has_every_example_once() -> None:
    batches = Batches(examples(), 4, True, [0])
    first, second = order(batches), order(batches)
    assert sorted(first) == sorted(second) == list(range(SIZE))
    assert first != list(range(SIZE))
    assert first != second


@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_reuse_tensors(shuffle: bool) -> None:
    batches = Batches(examples(2), 4, shuffle, [0, 1])
    first, second = batches.epoch(), batches.epoch()
    assert first is second


def test_shuffling_does_not_change_the_examples() -> None:
    given = examples(2)
    before = given.x.clone()
    Batches(given, 4, True, [0, 1]).epoch()
    assert torch.equal(given.x, before)


def test_order_of_a_seed_does_not_depend_on_other_seeds() -> None:
    together = Batches(examples(3), 4, True, [8, 5, 3])
    epochs = [[(x.clone(), target.clone()) for x, target in together.epoch()] for _ in range(2)]
    for row, seed in enumerate([8, 5, 3]):
        alone = Batches(examples(), 4, True, [seed])
        for epoch in epochs:
            found = torch.cat([x[row] for x, _ in epoch]).flatten() - 100 * row
            assert found.tolist() == order(alone)
    orders = [Batches(examples(), 4, True, [seed]) for seed in (8, 5, 3)]
    assert len({tuple(order(batches)) for batches in orders}) == 3
