"""Every initializer in the catalog: shapes, determinism, and the distribution that its docstring claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.builtin.cases import build, entries

OUT, IN = 400, 250
"""100,000 weights, and two sizes that a formula cannot mix up unnoticed."""

every_initializer = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("initializer")])


@dataclass(frozen=True)
class Claim:
    """What a docstring says of the weights at the sizes above."""

    std: float
    shape: str
    """normal or uniform."""


CLAIMS: dict[str, Claim] = {
    "he_fan_out": Claim(sqrt(2 / OUT), "normal"),
    "he_fan_in": Claim(sqrt(2 / IN), "normal"),
    "xavier_normal": Claim(sqrt(2 / (IN + OUT)), "normal"),
    "xavier_uniform": Claim(sqrt(2 / (IN + OUT)), "uniform"),
    "torch_default": Claim(1 / sqrt(3 * IN), "uniform"),
}
KURTOSIS = {"normal": 3.0, "uniform": 1.8}
GAINED = ["he_fan_out", "he_fan_in", "xavier_normal", "xavier_uniform"]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def check_distribution(weight: Tensor, std: float, shape: str) -> None:
    """Mean, deviation and fourth moment, each within five of its own standard errors.

    For N numbers of deviation s and kurtosis k these are s / √N, s √((k - 1) / 4N) and, at most, √(24 / N).
    """
    numbers, count = weight.double().reshape(-1), weight.numel()
    kurtosis = KURTOSIS[shape]
    assert abs(numbers.mean().item()) < 5 * std / sqrt(count)
    assert abs(numbers.std().item() - std) < 5 * std * sqrt((kurtosis - 1) / (4 * count))
    assert abs((numbers / std).pow(4).mean().item() - kurtosis) < 5 * sqrt(96 / count)
    if shape == "uniform":
        bound = sqrt(3) * std
        assert numbers.abs().max().item() <= bound * (1 + 1e-6)
        assert numbers.max().item() > 0.999 * bound
        assert numbers.min().item() < -0.999 * bound


@pytest.mark.parametrize("name", CLAIMS)
def test_weights_are_distributed_as_claimed(catalog: Any, name: str) -> None:
    weight = catalog.build("initializer", name).weight(OUT, IN, generator())
    check_distribution(weight, CLAIMS[name].std, CLAIMS[name].shape)


@pytest.mark.parametrize("name", GAINED)
def test_gain_is_a_factor_on_the_deviation(catalog: Any, name: str) -> None:
    plain = catalog.build("initializer", name).weight(OUT, IN, generator())
    gained = catalog.build("initializer", {"name": name, "gain": 2.5}).weight(OUT, IN, generator())
    torch.testing.assert_close(gained, 2.5 * plain)


def test_gain_that_makes_the_reports_equation_2(catalog: Any) -> None:
    """Read as a standard deviation, 2 / √m is √2 times what the report's code draws."""
    weight = catalog.build("initializer", {"name": "he_fan_out", "gain": sqrt(2)}).weight(OUT, IN, generator())
    check_distribution(weight, 2 / sqrt(OUT), "normal")


@every_initializer
def test_shape_and_type(entry: Any) -> None:
    initializer = build(entry)
    weight, bias = initializer.weight(3, 2, generator()), initializer.bias(3, 2, generator())
    assert (weight.shape, bias.shape) == ((3, 2), (3,))
    assert (weight.dtype, bias.dtype) == (torch.float32, torch.float32)
    assert weight.isfinite().all()
    assert bias.isfinite().all()


@every_initializer
def test_draws_from_its_generator_alone(entry: Any) -> None:
    initializer = build(entry)
    before = torch.get_rng_state()
    first, again, other = (initializer.weight(5, 4, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, other) == (entry.name in ("zeros", "constant"))


@every_initializer
def test_bias_is_zero_but_for_pytorchs_default(entry: Any) -> None:
    bias = build(entry).bias(50, 4, generator())
    assert bool((bias != 0).any()) == (entry.name == "torch_default")


def test_zeros_and_constant(catalog: Any) -> None:
    assert torch.equal(catalog.build("initializer", "zeros").weight(3, 2, generator()), torch.zeros(3, 2))
    constant = catalog.build("initializer", {"name": "constant", "value": -0.25})
    assert torch.equal(constant.weight(3, 2, generator()), torch.full((3, 2), -0.25))


parts = pytest.mark.parametrize(
    ("drawn", "baseline"),
    [
        pytest.param(lambda own: own.weight(OUT, IN, generator()), lambda linear: linear.weight, id="weight"),
        pytest.param(lambda own: own.bias(OUT * IN, IN, generator()), lambda linear: linear.bias, id="bias"),
    ],
)


@parts
def test_torch_default_is_what_nn_linear_does(catalog: Any, drawn: Callable[..., Tensor], baseline: Callable[..., Tensor]) -> None:
    """The empirical distributions of both: the largest gap between them stays below the 0.1 % quantile of chance.

    Kolmogorov and Smirnov: two samples of N numbers from one distribution differ by more than 1.95 √(2 / N) once in a thousand.
    """
    ours = drawn(catalog.build("initializer", "torch_default")).reshape(-1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = baseline(nn.Linear(IN, OUT)).detach().reshape(-1)
    count = min(len(ours), len(theirs))
    grid = torch.linspace(-1.1, 1.1, 500) / sqrt(IN)
    gap = (share_below(ours[:count], grid) - share_below(theirs[:count], grid)).abs().max().item()
    assert gap < 1.95 * sqrt(2 / count)
    assert theirs.abs().max().item() <= 1 / sqrt(IN)
    assert ours.abs().max().item() <= 1 / sqrt(IN)


def share_below(numbers: Tensor, grid: Tensor) -> Tensor:
    return torch.searchsorted(numbers.sort().values, grid) / len(numbers)
