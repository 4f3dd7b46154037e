"""Every optimizer of this package keeps its contract, and takes the steps that its source or PyTorch does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from regnet_optimizers import regnet_optimizers
from torch import Tensor

import regnet
from regnet.testing import assert_conforms

DISTRIBUTION = "regnet-optimizers"
STEPS = 30

CATALOG = regnet.load_catalog()
ENTRIES = [
    entry for claims in CATALOG.entries["optimizer"].values() for entry in claims if entry.origin.distribution == DISTRIBUTION
]

COSINE = {"optimizer": "adam", "total_steps": 20}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("lion", {}),
    ("lion", {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "weight_decay": 0.2}),
    ("adagrad", {}),
    ("adagrad", {"lr": 0.1, "lr_decay": 0.3, "weight_decay": 0.2, "initial_accumulator_value": 0.1, "eps": 0.01}),
    ("adadelta", {}),
    ("adadelta", {"lr": 0.5, "rho": 0.5, "eps": 0.01, "weight_decay": 0.2}),
    ("nadam", {}),
    ("nadam", {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2, "momentum_decay": 0.3}),
    ("nadam", {"beta1": 0.0, "beta2": 0.0}),
    ("cosine", COSINE),
    ("cosine", COSINE | {"warmup_steps": 5, "floor": 0.2}),
    ("cosine", COSINE | {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True}, "warmup_steps": 19}),
    ("cosine", COSINE | {"optimizer": {"name": "nadam", "lr": 0.1}}),
    ("cosine", COSINE | {"optimizer": {"name": "lion", "lr": 0.1, "weight_decay": 0.2}}),
    ("cosine", COSINE | {"optimizer": {"name": "cosine", "optimizer": "rmsprop", "total_steps": 7, "floor": 0.5}}),
]
"""Each with its defaults, and with options that all differ from them."""

WITHOUT_COUNTERPART = ["lion", "cosine around lion", "cosine around cosine"]

every_variant = pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)


def build(name: str, options: dict[str, Any]) -> regnet.Optimizer:
    optimizer: regnet.Optimizer = CATALOG.build("optimizer", {"name": name, **options})
    return optimizer


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@contextmanager
def double_precision() -> Iterator[None]:
    """PyTorch's NAdam keeps its product of momenta in the default type, whatever the parameters' is."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def test_the_entry_point_gives_every_optimizer() -> None:
    assert {entry.name: entry.component for entry in ENTRIES} == regnet_optimizers()
    assert {name for name, _ in VARIANTS} == regnet_optimizers().keys()


@every_variant
def test_conforms(name: str, options: dict[str, Any]) -> None:
    assert_conforms(build(name, options), CATALOG)


@every_variant
def test_pytorch_takes_the_same_steps(name: str, options: dict[str, Any]) -> None:
    """More steps than the schedules have, and to the last digits; and what has no counterpart is known."""
    optimizer = build(name, options)
    ours = normal(12, seed=1)
    theirs = ours.clone().requires_grad_()
    counterpart = optimizer.torch_optimizer(torch.optim, [theirs])
    inner = getattr(optimizer, "optimizer", None)
    label = name if inner is None else f"{name} around {type(inner).__name__.lower()}"
    assert (counterpart is None) == (label in WITHOUT_COUNTERPART)
    if counterpart is None:
        return
    state = optimizer.init(ours)
    with double_precision():
        for step in range(STEPS):
            noise = normal(12, seed=100 + step)
            optimizer.update(ours, ours + noise, state)
            theirs.grad = theirs.detach() + noise
            counterpart.step()
            torch.testing.assert_close(ours, theirs.detach(), rtol=1e-10, atol=1e-12)


def test_lion_is_algorithm_2() -> None:
    """Number by number in plain Python: update from the old memory, then the new memory."""
    lr, beta1, beta2, weight_decay = 0.1, 0.9, 0.7, 0.2
    optimizer = build("lion", {"lr": lr, "beta1": beta1, "beta2": beta2, "weight_decay": weight_decay})
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


def test_nadam_s_replicas_may_differ_in_all_options_at_once() -> None:
    """Its product of momenta then has one number for each replica, whichever option made it so."""
    columns = {"beta1": [0.9, 0.5], "momentum_decay": [0.004, 0.3], "lr": [0.1, 0.2]}
    nadam = regnet_optimizers()["nadam"]
    together = nadam(**{name: torch.tensor(values, dtype=torch.float64).unsqueeze(-1) for name, values in columns.items()})
    reached = walk(together, normal(2, 5, seed=1))
    for row in range(2):
        alone = nadam(**{name: values[row] for name, values in columns.items()})
        torch.testing.assert_close(reached[row], walk(alone, normal(2, 5, seed=1))[row], rtol=1e-12, atol=1e-14)


def walk(optimizer: regnet.Optimizer, parameters: Tensor) -> Tensor:
    state = optimizer.init(parameters)
    for step in range(STEPS):
        optimizer.update(parameters, parameters + normal(*parameters.shape, seed=100 + step), state)
    return parameters
