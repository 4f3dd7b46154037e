"""Random streams: one for each seed and purpose, and noise that does not depend on the other seeds."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest
import torch
from torch import Tensor

from regnet.rng import BLOCK, Noise, Purpose, stream

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def draw(seed: int, purpose: Purpose, count: int = 1000) -> Tensor:
    return torch.rand(count, generator=stream(seed, purpose))


def alone(seed: int) -> Noise:
    return Noise([seed], replica_axis=False)


def test_streams_are_reproducible() -> None:
    assert torch.equal(draw(3, "data"), draw(3, "data"))


def test_streams_are_the_same_in_every_version() -> None:
    """Fixed values: if this fails, published results of a seed cannot be reproduced."""
    assert stream(0, "data").initial_seed() == 3_520_034_375_385_948_879
    assert stream(7, "weights").initial_seed() == 6_200_882_830_170_744_002


def test_purposes_and_seeds_have_different_streams() -> None:
    drawn = [draw(seed, purpose) for purpose in PURPOSES for seed in (0, 1, 2, 10, 2**63 - 1)]
    for one, other in combinations(drawn, 2):
        assert not torch.equal(one, other)


def test_streams_are_not_correlated() -> None:
    """Also for neighbouring seeds, which would give poor generators if used directly: within five standard deviations of chance."""
    count = 10_000
    for one, other in combinations([draw(seed, purpose, count) for purpose in PURPOSES for seed in (0, 1)], 2):
        correlation = torch.corrcoef(torch.stack([one, other]))[0, 1].item()
        assert abs(correlation) < 5 / count**0.5


def test_streams_are_independent() -> None:
    first, _ = stream(0, "weights"), torch.rand(5, generator=stream(0, "data"))
    assert torch.equal(torch.rand(4, generator=first), draw(0, "weights", 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (2, BLOCK)])
def test_shape_and_type_of_noise(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = torch.zeros(shape, dtype=dtype)
    numbers = alone(0).rand_like(x)
    assert (numbers.shape, numbers.dtype) == (x.shape, dtype)
    assert ((numbers >= 0) & (numbers < 1)).all()
    together = Noise([0, 1], replica_axis=True).rand_like(torch.zeros(2, *shape, dtype=dtype))
    assert (together.shape, together.dtype) == ((2, *shape), dtype)


def test_noise_is_uniform() -> None:
    """Mean ½ and variance 1/12 of 100,000 numbers, within five standard errors."""
    numbers = torch.cat([numbers.reshape(-1) for numbers in requests(alone(5), [(100, 10)] * 100)]).double()
    assert abs(numbers.mean().item() - 0.5) < 5 * (1 / 12 / 1e5) ** 0.5
    assert abs(numbers.var().item() - 1 / 12) < 5 * ((1 / 80 - 1 / 144) / 1e5) ** 0.5


def test_noise_is_never_repeated() -> None:
    """Within a block, and between blocks."""
    numbers = torch.cat([numbers.reshape(-1) for numbers in requests(alone(5), [(7, 10)] * 200)])
    assert len(numbers.unique()) > 0.99 * len(numbers)  # single precision has 2²⁴ numbers, so a few coincide by chance


SHAPES = [(5, 3), (4, 3), (BLOCK - 30, 1), (5, 3), (0, 3), (3, BLOCK), (1, 2), (BLOCK, 1), (2, 2)]
"""Requests that end at the end of a block, cross it, exceed a block, and are empty."""


def requests(noise: Noise, shapes: list[tuple[int, int]], replicas: int = 0) -> list[Tensor]:
    front = (replicas,) if replicas else ()
    return [noise.rand_like(torch.empty(*front, *shape)) for shape in shapes]


@pytest.mark.parametrize("seeds", [[3, 0, 12], [12, 3], [5, 4, 3, 2, 1]])
def test_noise_of_a_seed_does_not_depend_on_the_others(seeds: list[int]) -> None:
    together = requests(Noise(seeds, replica_axis=True), SHAPES, len(seeds))
    for row, seed in enumerate(seeds):
        for numbers, own in zip(together, requests(alone(seed), SHAPES), strict=True):
            assert torch.equal(numbers[row], own)


def test_noise_of_different_seeds_differs() -> None:
    numbers = Noise([0, 1], replica_axis=True).rand_like(torch.zeros(2, 50, 2))
    assert not torch.equal(numbers[0], numbers[1])


def test_same_requests_give_the_same_noise() -> None:
    for first, again in zip(requests(alone(4), SHAPES), requests(alone(4), SHAPES), strict=True):
        assert torch.equal(first, again)


def test_noise_does_not_use_the_global_generator() -> None:
    before = torch.get_rng_state()
    requests(alone(4), SHAPES)
    assert torch.equal(torch.get_rng_state(), before)


def test_many_seeds_need_a_replica_axis() -> None:
    with pytest.raises(ValueError, match="one seed, got 2"):
        Noise([0, 1], replica_axis=False)
