"""Values of each activation against its formula in plain Python, extreme inputs, and the slopes at kinks."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, log1p, sqrt, tanh
from typing import Any

import pytest
import torch
from regnet_activations import regnet_layers
from torch import Tensor, nn

from regnet import Layer, RegnetError

CONTEXT: Any = None
"""No activation uses the context."""

LAYERS: dict[str, Any] = dict(regnet_layers())


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def clipped(x: float) -> float:
    return min(max(x / 6 + 0.5, 0), 1)


FORMULAS: dict[str, Callable[[float], float]] = {
    "elu": lambda x: x if x > 0 else exp(x) - 1,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (exp(x) - 1)),
    "celu": lambda x: x if x > 0 else exp(x) - 1,
    "mish": lambda x: x * tanh(log(1 + exp(x))),
    "softplus": lambda x: log(1 + exp(x)),
    "squareplus": lambda x: (x + sqrt(x**2 + 4)) / 2,
    "logsigmoid": lambda x: log(logistic(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - tanh(x),
    "hardtanh": lambda x: min(max(x, -1), 1),
    "hardsigmoid": clipped,
    "hardswish": lambda x: x * clipped(x),
    "prelu": lambda x: x if x > 0 else 0.25 * x,
}
RESHAPING = {"glu", "swiglu", "maxout"}


def run(layer: Layer, x: Tensor, dy: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The output, and the input's gradient for an output gradient of ones or `dy`."""
    start, _ = layer.init(x.shape[-1], torch.Generator())
    params = {name: value.to(x.dtype) for name, value in start.items()}
    y, cache = layer.forward(params, x, CONTEXT)
    return y, layer.backward(params, cache, torch.ones_like(y) if dy is None else dy)[0]


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def test_every_activation_has_a_formula() -> None:
    assert FORMULAS.keys() | RESHAPING == LAYERS.keys()


@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name: str) -> None:
    x = torch.linspace(-8, 8, 65, dtype=torch.float64)
    expected = torch.tensor([FORMULAS[name](number) for number in x.tolist()], dtype=torch.float64)
    torch.testing.assert_close(run(LAYERS[name](), x.unsqueeze(0))[0][0], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", FORMULAS)
def test_slope_of_the_formula(name: str) -> None:
    """Central differences, away from the kinks at 0, ±1 and ±3."""
    x = torch.linspace(-5.83, 5.83, 54, dtype=torch.float64)
    step = 1e-5
    slopes = [(FORMULAS[name](number + step) - FORMULAS[name](number - step)) / (2 * step) for number in x.tolist()]
    expected = torch.tensor(slopes, dtype=torch.float64)
    torch.testing.assert_close(run(LAYERS[name](), x.unsqueeze(0))[1][0], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", LAYERS)
def test_extreme_inputs_do_not_overflow(name: str) -> None:
    """Neither here nor under autograd, where a branch that is not selected can still give 0 · ∞."""
    layer = LAYERS[name]()
    x = torch.tensor([[1e4, -1e4, 1e4, -1e4, 88.8, -88.8, -1e4, 1e4]], requires_grad=True)
    params, _ = layer.init(x.shape[-1], torch.Generator())
    y, _ = layer.forward(params, x, CONTEXT)
    (slope,) = torch.autograd.grad(y.sum(), x)
    _, dx = run(layer, x.detach())
    assert y.isfinite().all()
    assert dx.isfinite().all()
    torch.testing.assert_close(dx, slope)


@pytest.mark.parametrize(
    ("name", "options", "module", "kinks"),
    [
        ("hardtanh", {}, nn.Hardtanh(), (-1.0, 1.0)),
        ("hardtanh", {"min_val": 0.25, "max_val": 2.0}, nn.Hardtanh(0.25, 2.0), (0.25, 2.0)),
        ("hardsigmoid", {}, nn.Hardsigmoid(), (-3.0, 3.0)),
        ("hardswish", {}, nn.Hardswish(), (-3.0, 3.0)),
    ],
)
def test_slopes_at_kinks_equal_pytorch(name: str, options: dict[str, Any], module: nn.Module, kinks: tuple[float, ...]) -> None:
    x = row(*kinks).requires_grad_()
    y = module(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    found, dx = run(LAYERS[name](**options), x.detach())
    assert torch.equal(found, y.detach())
    assert torch.equal(dx, slope)


def test_hardsigmoid_agrees_with_pytorch_to_seven_digits() -> None:
    """It has no exact counterpart: PyTorch uses the slope ⅙ in single precision, even for double-precision inputs."""
    x = torch.linspace(-5, 5, 41, dtype=torch.float64).requires_grad_()
    y = nn.Hardsigmoid()(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    found, dx = run(LAYERS["hardsigmoid"](), x.detach().unsqueeze(0))
    torch.testing.assert_close(found[0], y.detach(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(dx[0], slope, rtol=1e-7, atol=0)


def test_selu_keeps_mean_and_variance() -> None:
    """For a million standard normal numbers, within five standard errors: σ / √N, and σ² √((k - 1) / N) with a kurtosis below 3."""
    x = torch.randn(1000, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y, _ = run(LAYERS["selu"](), x)
    assert abs(y.mean().item()) < 5e-3
    assert abs(y.var().item() - 1) < 5 * sqrt(2) * 1e-3


def test_large_beta_sharpens_softplus() -> None:
    y, _ = run(LAYERS["softplus"](beta=100.0), row(-1, 0, 1))
    torch.testing.assert_close(y, row(log1p(exp(-100)) / 100, log(2) / 100, 1 + log1p(exp(-100)) / 100))


@pytest.mark.parametrize(("shared", "count"), [(True, 1), (False, 4)])
def test_prelu_learns_a_shared_slope_or_one_per_feature(shared: bool, count: int) -> None:
    layer = LAYERS["prelu"](shared=shared)
    params, out_features = layer.init(4, torch.Generator())
    assert out_features == 4
    assert torch.equal(params["weight"], torch.full((count,), 0.25))
    x = torch.tensor([[-1.0, 2.0, -3.0, 0.0], [-5.0, -7.0, 1.0, 0.0]])
    _, cache = layer.forward(params, x, CONTEXT)
    _, gradients = layer.backward(params, cache, torch.ones_like(x))
    expected = [-16.0] if shared else [-6.0, -7.0, -3.0, 0.0]
    assert gradients["weight"].tolist() == expected


def test_glu_gates_one_half_with_the_other() -> None:
    y, dx = run(LAYERS["glu"](), row(2, -4, 0, log(3)))
    torch.testing.assert_close(y, row(2 * 0.5, -4 * 0.75))
    torch.testing.assert_close(dx, row(0.5, 0.75, 2 * 0.25, -4 * 0.1875))
    _, slope = run(LAYERS["glu"](), torch.tensor([[1.0, 20.0]]))
    assert slope[0, 1].item() == pytest.approx(exp(-20), rel=1e-6)  # 1 - s would be 0 in single precision


def test_swiglu_gates_one_half_with_the_other() -> None:
    """At a = 0, swish is 0 with slope ½; at a = log 3 it is ¾ log 3 with slope ¾ + log 3 · 3/16."""
    y, dx = run(LAYERS["swiglu"](), row(0, log(3), 5, 2))
    torch.testing.assert_close(y, row(0, 0.75 * log(3) * 2))
    torch.testing.assert_close(dx, row(0.5 * 5, (0.75 + log(3) * 0.1875) * 2, 0, 0.75 * log(3)))


def test_maxout_takes_the_largest_of_each_group() -> None:
    y, dx = run(LAYERS["maxout"](pieces=3), row(1, 3, 2, -5, -4, -6), row(10, 20))
    assert torch.equal(y, row(3, -4))
    assert torch.equal(dx, row(0, 10, 0, 0, 20, 0))


def test_maxout_with_equal_maxima_has_one_gradient() -> None:
    _, dx = run(LAYERS["maxout"](pieces=2), row(7, 7), row(10))
    assert sorted(dx[0].tolist()) == [0, 10]


@pytest.mark.parametrize(
    ("name", "options", "features", "message"),
    [
        ("glu", {}, 25, r"layer glu: .* expected an even number of them, got 25: give the layer before it 26"),
        ("swiglu", {}, 3, r"layer swiglu: .* got 3"),
        ("maxout", {"pieces": 4}, 25, r"layer maxout: takes groups of 4 features .* got 25"),
    ],
)
def test_number_of_features_that_cannot_be_grouped(name: str, options: dict[str, Any], features: int, message: str) -> None:
    with pytest.raises(RegnetError, match=message):
        LAYERS[name](**options).init(features, torch.Generator())


def test_hardtanh_requires_ordered_bounds() -> None:
    with pytest.raises(RegnetError, match=r"max_val must be above min_val; got min_val=1.0, max_val=1.0"):
        LAYERS["hardtanh"](min_val=1.0)
