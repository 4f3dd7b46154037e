"""Every loss in the catalog, for every coding it takes: value, gradient, replicas and large outputs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regnet.contracts import Coding, Loss
from regnet.data.targets import TASK
from tests.builtin.cases import build, variants

BATCH, OUTPUTS, REPLICAS = 5, 3, 4

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("mse", {"reduction": "mean"}),
    ("huber", {"reduction": "sum", "delta": 0.4}),
    ("huber", {"delta": 2.5}),
    ("binary_cross_entropy", {"reduction": "sum"}),
]

CASES = [
    pytest.param(entry, options, coding, id=f"{label} {coding}")
    for label, entry, options in variants("loss", VARIANTS)
    for coding in build(entry, **options).codings
]
every_loss = pytest.mark.parametrize(("entry", "options", "coding"), CASES)


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def targets(coding: Coding, *shape: int) -> Tensor:
    """Targets as they come in that coding, for predictions of `shape`."""
    if TASK[coding] == "regression":
        return normal(*shape, seed=2)
    numbers = torch.randint(shape[-1], shape[:-1], generator=torch.Generator().manual_seed(2))
    if coding == "index":
        return numbers
    one_hot = nn.functional.one_hot(numbers, shape[-1]).double()
    return one_hot if coding == "one_hot" else 2 * one_hot - 1


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-13)


def autograd(function: Any, prediction: Tensor, target: Tensor) -> Tensor:
    prediction = prediction.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(function(prediction, target).sum(), [prediction])
    return gradient


@every_loss
def test_backward_is_the_gradient_of_forward(entry: Any, options: Any, coding: Coding) -> None:
    loss: Loss = build(entry, **options)
    prediction, target = 2 * normal(BATCH, OUTPUTS), targets(coding, BATCH, OUTPUTS)
    close(loss.backward(prediction, target), autograd(loss.forward, prediction, target))


@every_loss
def test_backward_is_the_slope_of_forward(entry: Any, options: Any, coding: Coding) -> None:
    """Central differences, which know nothing of autograd."""
    loss: Loss = build(entry, **options)
    prediction, target = 2 * normal(BATCH, OUTPUTS), targets(coding, BATCH, OUTPUTS)
    gradient = loss.backward(prediction, target)
    for index in range(prediction.numel()):
        step = torch.zeros_like(prediction)
        step.view(-1)[index] = 1e-5
        slope = (loss.forward(prediction + step, target) - loss.forward(prediction - step, target)) / 2e-5
        torch.testing.assert_close(gradient.reshape(-1)[index], slope, rtol=1e-6, atol=1e-8)


@every_loss
def test_counterpart_computes_the_same(entry: Any, options: Any, coding: Coding) -> None:
    """Also where a prediction is exactly zero, as a network of zeros gives it, or exactly the target."""
    loss: Loss = build(entry, **options)
    counterpart = loss.torch_loss(nn)
    if counterpart is None:
        pytest.skip(f"{entry} names no counterpart")
    prediction, target = 2 * normal(BATCH, OUTPUTS), targets(coding, BATCH, OUTPUTS)
    prediction[0] = 0
    if target.is_floating_point():
        prediction[1] = target[1]
    close(loss.forward(prediction, target), counterpart(prediction, target))
    close(loss.backward(prediction, target), autograd(counterpart, prediction, target))


@every_loss
def test_replicas_are_as_if_alone(entry: Any, options: Any, coding: Coding) -> None:
    loss: Loss = build(entry, **options)
    prediction, target = 2 * normal(REPLICAS, BATCH, OUTPUTS), targets(coding, REPLICAS, BATCH, OUTPUTS)
    value, gradient = loss.forward(prediction, target), loss.backward(prediction, target)
    assert value.shape == (REPLICAS,)
    for row in range(REPLICAS):
        close(value[row], loss.forward(prediction[row], target[row]))
        close(gradient[row], loss.backward(prediction[row], target[row]))


@every_loss
def test_nothing_given_is_changed(entry: Any, options: Any, coding: Coding) -> None:
    loss: Loss = build(entry, **options)
    prediction, target = normal(BATCH, OUTPUTS), targets(coding, BATCH, OUTPUTS)
    before = prediction.clone(), target.clone()
    loss.forward(prediction, target)
    loss.backward(prediction, target)
    assert torch.equal(prediction, before[0])
    assert torch.equal(target, before[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
@pytest.mark.parametrize("size", [100.0, 1e4])
@every_loss
def test_large_outputs_stay_finite(entry: Any, options: Any, coding: Coding, size: float, dtype: torch.dtype) -> None:
    """Written naively, a cross entropy overflows in single precision when an output is beyond 88."""
    loss: Loss = build(entry, **options)
    signs = torch.tensor([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0], [0.0, 1.0, -1.0]])
    prediction, target = (size * signs).to(dtype), targets(coding, 4, OUTPUTS)
    target = target.to(dtype) if target.is_floating_point() else target
    value, gradient = loss.forward(prediction, target), loss.backward(prediction, target)
    assert value.isfinite()
    assert gradient.isfinite().all()
    assert (value.dtype, gradient.dtype) == (dtype, dtype)


@every_loss
def test_every_example_counts_the_same(entry: Any, options: Any, coding: Coding) -> None:
    """The batch is averaged over: a batch said twice has the same loss, and each gradient is half as large."""
    loss: Loss = build(entry, **options)
    prediction, target = normal(BATCH, OUTPUTS), targets(coding, BATCH, OUTPUTS)
    twice = prediction.repeat(2, 1), target.repeat(2, *[1] * (target.dim() - 1))
    close(loss.forward(*twice), loss.forward(prediction, target))
    close(loss.backward(*twice)[BATCH:], loss.backward(prediction, target) / 2)


@every_loss
def test_a_step_against_the_gradient_helps(entry: Any, options: Any, coding: Coding) -> None:
    loss: Loss = build(entry, **options)
    prediction, target = normal(BATCH, OUTPUTS), targets(coding, BATCH, OUTPUTS)
    stepped = prediction - 0.1 * loss.backward(prediction, target)
    assert loss.forward(stepped, target) < loss.forward(prediction, target)


@pytest.mark.parametrize("name", ["mse", "huber", "binary_cross_entropy"])
def test_mean_is_sum_divided_by_the_outputs(catalog: Any, name: str) -> None:
    prediction, target = normal(BATCH, OUTPUTS), targets("one_hot", BATCH, OUTPUTS)
    mean, total = (catalog.build("loss", {"name": name, "reduction": how}) for how in ("mean", "sum"))
    close(mean.forward(prediction, target) * OUTPUTS, total.forward(prediction, target))
    close(mean.backward(prediction, target) * OUTPUTS, total.backward(prediction, target))
