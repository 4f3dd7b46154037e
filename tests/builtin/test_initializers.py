"""Properties of initializers that the check does not test: the true standard deviation, the distribution, the biases."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regnet.registry.catalog import Catalog
from tests.builtin.cases import entries

OUT, IN = 400, 250
"""100,000 weights, and two sizes that differ, so that confusing them is noticed."""

KURTOSIS = {"normal": 3.0, "uniform": 1.8}

CLAIMS: list[tuple[str, dict[str, Any], float, str]] = [
    ("he_fan_out", {}, sqrt(2 / OUT), "normal"),
    ("he_fan_out", {"gain": sqrt(2)}, 2 / sqrt(OUT), "normal"),  # the paper's equation (2), read as a standard deviation
    ("he_fan_in", {}, sqrt(2 / IN), "normal"),
    ("he_fan_in", {"gain": 2.5}, 2.5 * sqrt(2 / IN), "normal"),
    ("xavier_normal", {}, sqrt(2 / (IN + OUT)), "normal"),
    ("xavier_normal", {"gain": 2.5}, 2.5 * sqrt(2 / (IN + OUT)), "normal"),
    ("xavier_uniform", {}, sqrt(2 / (IN + OUT)), "uniform"),
    ("xavier_uniform", {"gain": 2.5}, 2.5 * sqrt(2 / (IN + OUT)), "uniform"),
    ("lecun_normal", {}, 1 / sqrt(IN), "normal"),
    ("lecun_normal", {"gain": 2.5}, 2.5 / sqrt(IN), "normal"),
    ("lecun_uniform", {}, 1 / sqrt(IN), "uniform"),
    ("lecun_uniform", {"gain": 2.5}, 2.5 / sqrt(IN), "uniform"),
    ("orthogonal", {}, 1 / sqrt(OUT), "normal"),  # nearly normal: an element of a long unit vector
    ("orthogonal", {"gain": 2.5}, 2.5 / sqrt(OUT), "normal"),
    ("torch_default", {}, 1 / sqrt(3 * IN), "uniform"),
]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def check_distribution(numbers: Tensor, std: float, shape: str) -> None:
    """Check mean, standard deviation and fourth moment, each within five standard errors, and the bounds of a uniform distribution.

    For N numbers with standard deviation s and kurtosis k the errors are s / √N, s √((k - 1) / 4N) and, at most, √(96 / N).
    """
    numbers, kurtosis = numbers.double().flatten(), KURTOSIS[shape]
    count = len(numbers)
    assert abs(numbers.mean().item()) < 5 * std / sqrt(count)
    assert abs(numbers.std().item() - std) < 5 * std * sqrt((kurtosis - 1) / (4 * count))
    assert abs((numbers / std).pow(4).mean().item() - kurtosis) < 5 * sqrt(96 / count)
    if shape == "uniform":
        bounds = torch.tensor([-1, 1]).double() * sqrt(3) * std
        torch.testing.assert_close(torch.stack(numbers.aminmax()), bounds, rtol=1e-3, atol=0)


@pytest.mark.parametrize(("name", "options", "std", "shape"), CLAIMS, ids=str)
def test_weights_are_distributed_as_claimed(catalog: Catalog, name: str, options: dict[str, Any], std: float, shape: str) -> None:
    initializer = catalog.build("initializer", {"name": name, **options})
    assert initializer.std(OUT, IN) == pytest.approx(std)
    check_distribution(initializer.weight(OUT, IN, generator()), std, shape)


def test_every_random_initializer_is_in_the_table() -> None:
    assert {name for name, *_ in CLAIMS} == {entry.name for entry in entries("initializer")} - {"zeros", "constant"}


def test_zeros_and_constant(catalog: Catalog) -> None:
    assert torch.equal(catalog.build("initializer", "zeros").weight(3, 2, generator()), torch.zeros(3, 2))
    constant = catalog.build("initializer", {"name": "constant", "value": -0.25})
    assert torch.equal(constant.weight(3, 2, generator()), torch.full((3, 2), -0.25))


@pytest.mark.parametrize("name", [entry.name for entry in entries("initializer") if entry.name != "torch_default"])
def test_biases_are_zero(catalog: Catalog, name: str) -> None:
    assert not catalog.build("initializer", name).bias(50, 4, generator()).any()


@pytest.mark.parametrize(("out_features", "in_features"), [(40, 40), (60, 7), (7, 60), (1, 5), (5, 1), (1, 1)])
def test_columns_or_rows_are_orthogonal(catalog: Catalog, out_features: int, in_features: int) -> None:
    """The columns, or if there are fewer outputs than inputs the rows, are orthogonal and of length `gain`."""
    initializer = catalog.build("initializer", {"name": "orthogonal", "gain": 1.5})
    weight = initializer.weight(out_features, in_features, generator())
    assert weight.dtype == torch.float32
    short = (weight if out_features >= in_features else weight.T).double()
    torch.testing.assert_close(short.T @ short, 2.25 * torch.eye(short.shape[1]).double(), rtol=0, atol=2e-6)


def test_orthogonal_matrices_are_uniform(catalog: Catalog) -> None:
    """Uniform rotations and reflections of the plane: an angle uniform in the circle, and each determinant as often.

    Were the signs left to the routine for QR, the first column would never point to the right. For N draws, the means of
    cosine, sine and determinant are within five standard errors of 0, √(1 / 2N) and √(1 / N), as that of the double angle is.
    """
    initializer, numbers, count = catalog.build("initializer", "orthogonal"), generator(), 4000
    draws = torch.stack([initializer.weight(2, 2, numbers) for _ in range(count)]).double()
    cosine, sine = draws[:, 0, 0], draws[:, 1, 0]
    for mean in (cosine.mean(), sine.mean(), (2 * cosine * sine).mean(), (cosine**2 - sine**2).mean()):
        assert abs(mean.item()) < 5 * sqrt(1 / (2 * count))
    assert abs(torch.linalg.det(draws).mean().item()) < 5 * sqrt(1 / count)


def test_torch_default_equals_nn_linear(catalog: Catalog) -> None:
    """The weights and biases of both have the same moments and bounds."""
    initializer = catalog.build("initializer", "torch_default")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = nn.Linear(3, 100_000)
    for numbers in (
        initializer.weight(100_000, 3, generator()),
        theirs.weight,
        initializer.bias(100_000, 3, generator()),
        theirs.bias,
    ):
        check_distribution(numbers.detach(), 1 / sqrt(3 * 3), "uniform")
