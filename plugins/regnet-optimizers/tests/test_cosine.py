"""The cosine schedule: its shape, its effect on the learning rate of any optimizer, and the inner optimizer's state."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi
from typing import Any

import pytest
import torch
from regnet_optimizers import regnet_optimizers
from regnet_optimizers.cosine import Cosine
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

import regnet

CATALOG = regnet.load_catalog()
INNER = ["sgd", "adam", "adamw", "rmsprop", *(name for name in regnet_optimizers() if name != "cosine")]
"""The optimizers of regnet and of this package."""


def build(name: str, **options: Any) -> Any:
    return CATALOG.build("optimizer", {"name": name, **options})


def factors(schedule: Cosine, steps: int) -> list[float]:
    return [schedule.factor(torch.tensor(step, dtype=torch.float64)).item() for step in range(steps)]


def gradient(parameters: Tensor, step: int) -> Tensor:
    noise = torch.randn(parameters.shape, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
    return parameters.detach() + noise


def initial_parameters(*shape: int) -> Tensor:
    return torch.linspace(-2, 2, int(torch.Size(shape).numel()), dtype=torch.float64).reshape(shape)


def take_steps(optimizer: regnet.Optimizer, parameters: Tensor, steps: int = 12) -> Tensor:
    state = optimizer.init(parameters)
    for step in range(steps):
        optimizer.update(parameters, gradient(parameters, step), state)
    return parameters


def test_shape_of_the_schedule() -> None:
    schedule = build("cosine", optimizer="sgd", total_steps=9, warmup_steps=4, floor=0.2)
    down = [0.2 + 0.8 * 0.5 * (1 + cos(pi * step / 5)) for step in range(5)]
    assert factors(schedule, 12) == pytest.approx([0.2, 0.4, 0.6, 0.8, *down, 0.2, 0.2, 0.2])


def test_first_step_without_warm_up_is_not_scaled() -> None:
    assert factors(build("cosine", optimizer="sgd", total_steps=4), 6) == pytest.approx(
        [1, 0.853553, 0.5, 0.146447, 0, 0], abs=1e-6
    )


def test_shape_equals_pytorch_schedulers() -> None:
    warmup, total, floor = 5, 20, 0.1
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    up = LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    down = CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=floor)
    scheduler = SequentialLR(optimizer, [up, down], milestones=[warmup])
    rates = []
    for _ in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    schedule = build("cosine", optimizer="sgd", total_steps=total, warmup_steps=warmup, floor=floor)
    assert factors(schedule, total) == pytest.approx(rates)


@pytest.mark.parametrize("name", INNER)
def test_it_multiplies_the_learning_rate(name: str) -> None:
    """Compared with a new inner optimizer for each step, with that step's learning rate and the previous state."""
    inner = build(name) if name != "sgd" else build(name, momentum=0.9, weight_decay=0.1)
    schedule = Cosine(inner, total_steps=10, warmup_steps=3, floor=0.1)
    parameters = initial_parameters(8)
    state = inner.init(parameters)
    for step, factor in enumerate(factors(schedule, 12)):
        replace(inner, lr=inner.lr * factor).update(parameters, gradient(parameters, step), state)
    torch.testing.assert_close(take_steps(schedule, initial_parameters(8)), parameters, rtol=1e-10, atol=1e-12)


def test_parameters_do_not_change_at_a_floor_of_zero() -> None:
    schedule = build("cosine", optimizer="adam", total_steps=5)
    assert torch.equal(take_steps(schedule, initial_parameters(6), steps=5), take_steps(schedule, initial_parameters(6), steps=9))


def test_nested_schedules_multiply() -> None:
    inner = build("cosine", optimizer="sgd", total_steps=8, floor=0.5)
    outer = Cosine(inner, total_steps=12, warmup_steps=3)
    product = [a * b for a, b in zip(factors(inner, 12), factors(outer, 12), strict=True)]
    parameters = initial_parameters(4)
    for step, factor in enumerate(product):
        parameters -= 0.001 * factor * gradient(parameters, step)
    torch.testing.assert_close(take_steps(outer, initial_parameters(4)), parameters, rtol=1e-12, atol=1e-14)


class ReplacesState(regnet.Optimizer):
    """Replaces the tensors in its state, under other names, instead of writing into the existing ones."""

    def update(self, parameters: Tensor, gradients: Tensor, state: regnet.State) -> None:
        state["step"] = state.get("step", torch.zeros(())) + 1
        parameters -= state["step"] * 0.01


def test_inner_optimizer_may_replace_its_state() -> None:
    parameters = torch.zeros(3)
    schedule = Cosine(ReplacesState(), total_steps=1000, floor=1.0)
    state = schedule.init(parameters)
    assert {name: tensor.item() for name, tensor in state.items()} == {"step": 0}
    for _ in range(3):
        schedule.update(parameters, parameters, state)
    assert {name: tensor.item() for name, tensor in state.items()} == {"step": 3, "optimizer.step": 3}
    torch.testing.assert_close(parameters, torch.full((3,), -0.06))


def test_options_of_the_inner_optimizer_per_replica() -> None:
    rates = [0.1, 0.01]
    adam = type(build("adam"))
    together = Cosine(adam(lr=torch.tensor(rates, dtype=torch.float64).unsqueeze(-1)), total_steps=10, warmup_steps=2)
    reached = take_steps(together, initial_parameters(2, 5))
    for row, lr in enumerate(rates):
        alone = Cosine(adam(lr=lr), total_steps=10, warmup_steps=2)
        torch.testing.assert_close(reached[row], take_steps(alone, initial_parameters(2, 5))[row], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("warmup", [10, 11])
def test_total_steps_must_exceed_warm_up(warmup: int) -> None:
    with pytest.raises(regnet.RegnetError, match=f"total_steps must be above warmup_steps, which is {warmup}; got 10"):
        build("cosine", optimizer="sgd", total_steps=10, warmup_steps=warmup)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "needs its option 'optimizer'"),
        ({"optimizer": "sgd"}, "needs its option 'total_steps'"),
        ({"optimizer": "sdg", "total_steps": 5}, "unknown optimizer 'sdg': did you mean 'sgd'"),
        ({"optimizer": {"name": "sgd", "lr": -1}, "total_steps": 5}, "optimizer.optimizer.lr .* greater than 0"),
        ({"optimizer": "sgd", "total_steps": 5, "floor": 1.5}, "optimizer.floor .* less than or equal to 1"),
    ],
)
def test_errors_of_configurations(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(regnet.RegnetError, match=complaint):
        build("cosine", **options)
