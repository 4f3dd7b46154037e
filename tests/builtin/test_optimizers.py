"""Every optimizer in the catalog: its steps against PyTorch's own, and one tensor for all parameters and replicas."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from regnet.contracts import Optimizer, State
from regnet.registry.options import values_of
from tests.builtin.cases import build, entries, variants

STEPS = 15
SIZE = 12
REPLICAS = 3
SHARES = (1.0, 0.5, 0.1)
"""What replicas that differ in an option have of its default."""

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"lr": 0.1, "momentum": 0.9}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("sgd", {"lr": 0.1, "weight_decay": 0.2}),
    ("sgd", {"lr": 0.1, "momentum": 0.7, "nesterov": True, "weight_decay": 0.2}),
    ("adam", {"lr": 0.1}),
    ("adam", {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2}),
    ("adam", {"lr": 0.1, "beta1": 0.0, "beta2": 0.0}),
    ("adamw", {"lr": 0.1, "weight_decay": 0.0}),
    ("adamw", {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2}),
    ("rmsprop", {"lr": 0.1, "alpha": 0.5, "eps": 0.01, "weight_decay": 0.2}),
    ("rmsprop", {"alpha": 0.0}),
]

every_optimizer = pytest.mark.parametrize(
    ("entry", "options"), [pytest.param(entry, options, id=label) for label, entry, options in variants("optimizer", VARIANTS)]
)

per_replica_options = [
    pytest.param(entry, option.name, id=f"{entry.name} {option.name}")
    for entry in entries("optimizer")
    for option in entry.options.values()
    if option.per_replica
]


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient(parameters: Tensor, step: int) -> Tensor:
    """The slope of a bowl, shaken anew in each step, so that an error in one step shows in all that follow."""
    return parameters.detach() + 0.5 * normal(*parameters.shape, seed=100 + step)


def walk(optimizer: Optimizer, parameters: Tensor, steps: int = STEPS) -> tuple[Tensor, State]:
    """Where the optimizer gets to from `parameters`, which are left as they are."""
    parameters = parameters.clone()
    state = optimizer.init(parameters)
    for step in range(steps):
        optimizer.update(parameters, gradient(parameters, step), state)
    return parameters, state


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


@every_optimizer
def test_counterpart_takes_the_same_steps(entry: Any, options: Any) -> None:
    optimizer: Optimizer = build(entry, **options)
    own = normal(SIZE, seed=1)
    baseline = own.clone().requires_grad_()
    counterpart = optimizer.torch_optimizer(torch.optim, [baseline])
    if counterpart is None:
        pytest.skip(f"{entry} names no counterpart")
    state = optimizer.init(own)
    for step in range(STEPS):
        optimizer.update(own, gradient(own, step), state)
        baseline.grad = gradient(baseline, step)
        counterpart.step()
        close(own, baseline.detach())


@every_optimizer
def test_gradients_are_left_as_they_are(entry: Any, options: Any) -> None:
    optimizer: Optimizer = build(entry, **options)
    parameters, gradients = normal(SIZE, seed=1), normal(SIZE, seed=2)
    before = gradients.clone()
    state = optimizer.init(parameters)
    for _ in range(3):
        optimizer.update(parameters, gradients, state)
    assert torch.equal(gradients, before)


@every_optimizer
def test_parameters_are_written_in_place(entry: Any, options: Any) -> None:
    """The layers hold views into the one tensor: another tensor in its place would leave them behind."""
    optimizer: Optimizer = build(entry, **options)
    whole = normal(SIZE, seed=1)
    view, before = whole[3:7].view(2, 2), whole.clone()
    optimizer.update(whole, normal(SIZE, seed=2), optimizer.init(whole))
    assert torch.equal(view.reshape(-1), whole[3:7])
    assert (whole != before).all()


@every_optimizer
def test_one_flat_tensor_is_as_good_as_many(entry: Any, options: Any) -> None:
    """Element by element: what stands beside a number makes no difference to it."""
    optimizer: Optimizer = build(entry, **options)
    parameters = normal(SIZE, seed=1)
    shuffled = torch.randperm(SIZE, generator=torch.Generator().manual_seed(5))
    gradients = [normal(SIZE, seed=200 + step) for step in range(STEPS)]
    whole, parts, mixed = parameters.clone(), [parameters[:5].clone(), parameters[5:].clone()], parameters[shuffled]
    whole_state, part_states, mixed_state = optimizer.init(whole), [optimizer.init(part) for part in parts], optimizer.init(mixed)
    for given in gradients:
        optimizer.update(whole, given, whole_state)
        optimizer.update(mixed, given[shuffled], mixed_state)
        for part, state, own in zip(parts, part_states, (given[:5], given[5:]), strict=True):
            optimizer.update(part, own, state)
    close(torch.cat(parts), whole)
    close(mixed, whole[shuffled])


@every_optimizer
def test_nothing_is_remembered_outside_the_state(entry: Any, options: Any) -> None:
    optimizer: Optimizer = build(entry, **options)
    first, _ = walk(optimizer, normal(SIZE, seed=1))
    again, state = walk(optimizer, normal(SIZE, seed=1))
    assert torch.equal(first, again)
    assert optimizer == build(entry, **options)
    assert all(isinstance(tensor, Tensor) for tensor in state.values())


@every_optimizer
def test_single_precision_stays_single(entry: Any, options: Any) -> None:
    optimizer: Optimizer = build(entry, **options)
    parameters = normal(SIZE, seed=1).float()
    state = optimizer.init(parameters)
    optimizer.update(parameters, normal(SIZE, seed=2).float(), state)
    assert {tensor.dtype for tensor in (parameters, *state.values())} == {torch.float32}


@every_optimizer
def test_a_network_without_parameters(entry: Any, options: Any) -> None:
    optimizer: Optimizer = build(entry, **options)
    nothing = torch.empty(0)
    optimizer.update(nothing, torch.empty(0), optimizer.init(nothing))
    assert nothing.shape == (0,)


@pytest.mark.parametrize(("entry", "option"), per_replica_options)
def test_replicas_may_differ_in_marked_options(entry: Any, option: str) -> None:
    options = values_of(build(entry))
    values = [share * sizeable(options[option]) for share in SHARES]
    together = entry.component(**options | {option: torch.tensor(values, dtype=torch.float64).unsqueeze(-1)})
    reached = walk_rows(together)
    for row, value in enumerate(values):
        close(reached[row], walk_rows(entry.component(**options | {option: value}))[row])
    assert not torch.allclose(reached, walk_rows(build(entry)))


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("optimizer")])
def test_replicas_may_differ_in_all_marked_options_at_once(entry: Any) -> None:
    options = values_of(build(entry))
    marked = [option.name for option in entry.options.values() if option.per_replica]
    shares = torch.tensor(SHARES, dtype=torch.float64).unsqueeze(-1)
    together = entry.component(**options | {name: sizeable(options[name]) * shares for name in marked})
    reached = walk_rows(together)
    for row, share in enumerate(SHARES):
        alone = entry.component(**options | {name: sizeable(options[name]) * share for name in marked})
        close(reached[row], walk_rows(alone)[row])


def sizeable(default: float) -> float:
    """The default, or where that is nothing or next to nothing a value that makes a difference."""
    return default if default > 1e-4 else 0.7


def walk_rows(optimizer: Optimizer) -> Tensor:
    return walk(optimizer, normal(REPLICAS, SIZE, seed=1))[0]


def test_nesterov_replicas_may_differ_in_momentum(catalog: Any) -> None:
    sgd = catalog.find("optimizer", "sgd").component
    values = [0.9, 0.5, 0.1]
    reached = walk_rows(sgd(momentum=torch.tensor(values, dtype=torch.float64).unsqueeze(-1), nesterov=True))
    for row, value in enumerate(values):
        close(reached[row], walk_rows(sgd(momentum=value, nesterov=True))[row])
