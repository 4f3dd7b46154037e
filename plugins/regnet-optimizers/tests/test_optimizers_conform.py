"""Conformance tests of every optimizer, and comparisons of its steps with its source or with PyTorch."""

from __future__ import annotations

import dataclasses
from math import sqrt
from typing import Any

import pytest
import torch
from regnet_optimizers import regnet_optimizers

import regnet
from regnet.testing import component_tests

DISTRIBUTION = "regnet-optimizers"
STEPS = 30

CATALOG = regnet.load_catalog()
ENTRIES = [
    entry for claims in CATALOG.entries["optimizer"].values() for entry in claims if entry.origin.distribution == DISTRIBUTION
]

COSINE = {"optimizer": "adam", "total_steps": 8}
"""A schedule that ends within the check's ten steps."""

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "lion": [{}, {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "weight_decay": 0.2}],
    "adagrad": [{}, {"lr": 0.1, "lr_decay": 0.3, "weight_decay": 0.2, "initial_accumulator_value": 0.1, "eps": 0.01}],
    "adadelta": [{}, {"lr": 0.5, "rho": 0.5, "eps": 0.01, "weight_decay": 0.2}],
    "nadam": [
        {},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2, "momentum_decay": 0.3},
        {"beta1": 0.0, "beta2": 0.0},
    ],
    "radam": [
        {},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 0.01, "weight_decay": 0.2},
        {"beta1": 0.0, "beta2": 0.0},
    ],
    "adamax": [
        {},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2},
        {"beta1": 0.0, "beta2": 0.0},
    ],
    "cosine": [
        COSINE,
        COSINE | {"warmup_steps": 3, "floor": 0.2},
        COSINE | {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True}, "warmup_steps": 7},
        COSINE | {"optimizer": {"name": "nadam", "lr": 0.1}},
        COSINE | {"optimizer": {"name": "lion", "lr": 0.1, "weight_decay": 0.2}},
        COSINE | {"optimizer": {"name": "cosine", "optimizer": "rmsprop", "total_steps": 5, "floor": 0.5}},
    ],
}
"""The defaults of every optimizer, and options that all differ from the defaults."""

test_conforms = component_tests(DISTRIBUTION, SETTINGS)


def test_entry_point_provides_every_optimizer() -> None:
    assert {entry.name: entry.component for entry in ENTRIES} == regnet_optimizers()
    assert SETTINGS.keys() == regnet_optimizers().keys()


def test_optimizers_without_a_pytorch_counterpart() -> None:
    """The check compares steps with PyTorch only if there is a counterpart."""
    made = [CATALOG.build("optimizer", {"name": name, **options}) for name, each in SETTINGS.items() for options in each]
    without = [one for one in made if one.torch_optimizer(torch.optim, [torch.zeros(1, requires_grad=True)]) is None]
    names = [type(getattr(one, "optimizer", one)).__name__ for one in without]
    assert names == ["Lion", "Lion", "Lion", "Cosine"]


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_lion_is_algorithm_2() -> None:
    """In plain Python, number by number: the update with the old average, then the new average."""
    lr, beta1, beta2, weight_decay = 0.1, 0.9, 0.7, 0.2
    optimizer = CATALOG.build("optimizer", {"name": "lion", "lr": lr, "beta1": beta1, "beta2": beta2, "weight_decay": weight_decay})
    parameters = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    state = optimizer.init(parameters)
    expected, memory = parameters.tolist(), [0.0, 0.0, 0.0]
    for step in range(STEPS):
        gradients = normal(3, seed=step)
        optimizer.update(parameters, gradients, state)
        for place, gradient in enumerate(gradients.tolist()):
            mixed = beta1 * memory[place] + (1 - beta1) * gradient
            sign = 1 if mixed > 0 else -1
            expected[place] -= lr * (sign + weight_decay * expected[place])
            memory[place] = beta2 * memory[place] + (1 - beta2) * gradient
        torch.testing.assert_close(parameters, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("beta2", [0.999, 0.9, 0.6])
def test_radam_is_algorithm_2(beta2: float) -> None:
    """In plain Python, number by number: with the default 0.999 and with 0.9 from step 6 adaptive, with 0.6 never."""
    lr, beta1, eps, weight_decay = 0.1, 0.8, 0.01, 0.2
    options = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
    optimizer = CATALOG.build("optimizer", {"name": "radam", **options})
    parameters = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    state = optimizer.init(parameters)
    expected, means, squares = parameters.tolist(), [0.0] * 3, [0.0] * 3
    adaptive = []
    for step in range(1, STEPS + 1):
        gradients = normal(3, seed=step)
        optimizer.update(parameters, gradients, state)
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / (1 - beta2**step)
        adaptive.append(length > 5)
        for place, given in enumerate(gradients.tolist()):
            gradient = given + weight_decay * expected[place]
            means[place] = beta1 * means[place] + (1 - beta1) * gradient
            squares[place] = beta2 * squares[place] + (1 - beta2) * gradient**2
            rate = lr
            if adaptive[-1]:
                rate *= sqrt((length - 4) / (longest - 4) * (length - 2) / (longest - 2) * longest / length)
                rate *= sqrt(1 - beta2**step) / (sqrt(squares[place]) + eps)
            expected[place] -= rate * means[place] / (1 - beta1**step)
        torch.testing.assert_close(parameters, torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=1e-11)
    assert adaptive == [beta2 > 0.6 and step > 5 for step in range(1, STEPS + 1)]


@pytest.mark.parametrize("beta2", [0.999, 0.9999, 0.99999])
def test_radam_is_adaptive_from_the_same_step_in_single_precision(beta2: float) -> None:
    """The fifth step is not adaptive by a margin of ``4 (1 - β₂)``, and the sixth one is."""
    optimizer = CATALOG.build("optimizer", {"name": "radam", "beta1": 0.0, "lr": 1.0, "beta2": beta2})
    ends = []
    for dtype in (torch.float32, torch.float64):
        parameters = torch.zeros(1, dtype=dtype)
        state = optimizer.init(parameters)
        sizes = []
        for _ in range(7):
            before = parameters.clone()
            optimizer.update(parameters, torch.full((1,), 4.0, dtype=dtype), state)
            sizes.append((before - parameters).item())
        assert sizes[:5] == [4.0] * 5
        assert max(sizes[5:]) < 0.1
        ends.append(sizes)
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


def test_adamax_is_algorithm_2() -> None:
    """In plain Python, number by number; the paper's algorithm has no eps, which is too small here to matter."""
    lr, beta1, beta2 = 0.1, 0.8, 0.7
    options = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": 1e-300}
    optimizer = CATALOG.build("optimizer", {"name": "adamax", **options})
    parameters = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    state = optimizer.init(parameters)
    expected, means, sizes = parameters.tolist(), [0.0] * 3, [0.0] * 3
    for step in range(1, STEPS + 1):
        gradients = normal(3, seed=step)
        optimizer.update(parameters, gradients, state)
        for place, gradient in enumerate(gradients.tolist()):
            means[place] = beta1 * means[place] + (1 - beta1) * gradient
            sizes[place] = max(beta2 * sizes[place], abs(gradient))
            expected[place] -= lr / (1 - beta1**step) * means[place] / sizes[place]
        torch.testing.assert_close(parameters, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-14)


def test_adamax_adds_eps_to_the_size_of_the_gradient() -> None:
    """A number whose gradient is always zero stays where it is, and `eps` is part of the size that decays."""
    optimizer = CATALOG.build("optimizer", {"name": "adamax", "lr": 1.0, "beta1": 0.0, "beta2": 0.5, "eps": 1.0})
    parameters = torch.zeros(3, dtype=torch.float64)
    state = optimizer.init(parameters)
    optimizer.update(parameters, torch.tensor([0.0, 1.0, -7.0], dtype=torch.float64), state)
    assert parameters.tolist() == [0.0, -1 / 2, 7 / 8]
    optimizer.update(parameters, torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64), state)
    assert parameters.tolist() == [0.0, -1.0, 7 / 8 - 1 / 4]


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
def test_options_round_alike_as_numbers_and_as_tensors(entry: Any) -> None:
    """To the last bit in single precision, so that a study has the same results alone and in a sweep over any option."""
    made = CATALOG.build("optimizer", {"name": entry.name, **SETTINGS[entry.name][-2]})
    marked = [option.name for option in entry.options.values() if option.per_replica]
    tensors = {name: torch.full((12,), getattr(made, name)) for name in marked}
    assert torch.equal(take_steps(made), take_steps(dataclasses.replace(made, **tensors)))


def take_steps(optimizer: regnet.Optimizer) -> torch.Tensor:
    parameters = normal(12, seed=1).float()
    state = optimizer.init(parameters)
    for step in range(STEPS):
        optimizer.update(parameters, normal(12, seed=100 + step).float(), state)
    return parameters
