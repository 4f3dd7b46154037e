"""Values of each layer against its formula in plain Python or against PyTorch, extreme inputs, starts and refused options."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean, pvariance
from typing import Any

import pytest
import torch
from regnet_layers import regnet_layers
from torch import Tensor, nn

import regnet
from regnet import Context, Layer, Params, RegnetError, ShapeError

LAYERS: dict[str, Any] = dict(regnet_layers())
CATALOG = regnet.load_catalog()
LARGEST = torch.finfo(torch.float32).max


class Uniform:
    """Noise from a generator of its own."""

    def __init__(self, seed: int = 0) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def rand_like(self, x: Tensor) -> Tensor:
        return torch.rand(x.shape, generator=self._generator).to(x)


def context(training: bool = True) -> Context:
    noise: Any = Uniform()
    return Context(training, noise)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def start(layer: Layer, x: Tensor) -> Params:
    params, _ = layer.init(x.shape[-1], torch.Generator().manual_seed(0))
    return {name: value.to(x.dtype) for name, value in params.items()}


def run(layer: Layer, x: Tensor, dy: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The output with the starting parameters, and the input's gradient for an output gradient of `dy`, or of ones."""
    params = start(layer, x)
    y, cache = layer.forward(params, x, context())
    return y, layer.backward(params, cache, torch.ones_like(y) if dy is None else dy)[0]


def build(name: str, **options: Any) -> Any:
    return CATALOG.build("layer", {"name": name, **options})


# Formulas


def rms_norm(x: list[float]) -> list[float]:
    return [value / math.sqrt(fmean(each**2 for each in x) + 0.01) for value in x]


def group_norm(x: list[float]) -> list[float]:
    parts = [x[first : first + 3] for first in range(0, len(x), 3)]
    return [(value - fmean(part)) / math.sqrt(pvariance(part) + 0.01) for part in parts for value in part]


def log_softmax(x: list[float]) -> list[float]:
    return [math.log(math.exp(value) / math.fsum(math.exp(each) for each in x)) for value in x]


FORMULAS: list[tuple[str, dict[str, Any], Callable[[list[float]], list[float]]]] = [
    ("rms_norm", {"eps": 0.01}, rms_norm),
    ("group_norm", {"groups": 2, "eps": 0.01}, group_norm),
    ("log_softmax", {}, log_softmax),
]


@pytest.mark.parametrize(("name", "options", "formula"), FORMULAS, ids=[name for name, _, _ in FORMULAS])
def test_formula(name: str, options: dict[str, Any], formula: Callable[[list[float]], list[float]]) -> None:
    x = 3 * normal(5, 6) + 1
    expected = torch.tensor([formula(row) for row in x.tolist()], dtype=torch.float64)
    torch.testing.assert_close(run(LAYERS[name](**options), x)[0], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("name", "options", "formula"), FORMULAS, ids=[name for name, _, _ in FORMULAS])
def test_slope_of_the_formula(name: str, options: dict[str, Any], formula: Callable[[list[float]], list[float]]) -> None:
    """Central differences of the formula, for each feature."""
    x, dy, step = normal(1, 6), normal(1, 6, seed=1), 1e-5

    def at(index: int, distance: float) -> float:
        moved = x[0].tolist()
        moved[index] += distance
        return math.fsum(slope * value for slope, value in zip(dy[0].tolist(), formula(moved), strict=True))

    expected = torch.tensor([[(at(index, step) - at(index, -step)) / (2 * step) for index in range(6)]], dtype=torch.float64)
    torch.testing.assert_close(run(LAYERS[name](**options), x, dy)[1], expected, rtol=1e-6, atol=1e-8)


# Extreme inputs

EXTREME = [
    [1e30, 2e30, -3e30, 1e20, 5.0, -4e29],
    [LARGEST, -LARGEST, LARGEST, -LARGEST, LARGEST, 0.0],
    [LARGEST, LARGEST, LARGEST, 1e-38, 2e-38, 3e-38],
    [-1e30, -1e30, -1e30, 0.1, 0.1, 0.1],
    [1e4, 1e4 + 1, 1e4 - 1, 1e-30, -1e-30, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
]


def divisor(groups: int, x: Tensor) -> Tensor:
    """The number σ that divides each feature in group normalization; with no groups, in RMS normalization."""
    if not groups:
        return (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    parts = x.unflatten(-1, (groups, -1))
    return (parts.var(-1, correction=0, keepdim=True) + 1e-5).sqrt().expand_as(parts).flatten(-2)


@pytest.mark.parametrize("groups", [0, 1, 2, 3])
def test_normalization_in_the_whole_range_of_single_precision(groups: int) -> None:
    """As in double precision, where no square overflows; also the gradients, sums of terms of size dy / σ, and by autograd."""
    layer = LAYERS["group_norm"](groups=groups) if groups else LAYERS["rms_norm"]()
    x = torch.tensor(EXTREME)
    dy = normal(*x.shape).float()
    y, dx = run(layer, x, dy)
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(layer.forward(start(layer, x), leaf, context())[0], leaf, dy)
    exact, exact_dx = run(layer, x.double(), dy.double())
    torch.testing.assert_close(y.double(), exact, rtol=1e-6, atol=1e-6)
    rounding = 1e-6 / divisor(groups, x.double()) + torch.finfo(torch.float32).smallest_normal
    for found in (dx, slope):
        assert ((found.double() - exact_dx).abs() < rounding).all()


@pytest.mark.parametrize("name", ["rms_norm", "group_norm"])
def test_normalization_does_not_depend_on_the_scale(name: str) -> None:
    x = normal(4, 6).float()
    expected, _ = run(LAYERS[name](eps=1e-20), x)
    for exponent in (-20, -3, 10, 100, 124):
        torch.testing.assert_close(run(LAYERS[name](eps=1e-20), x * 2.0**exponent)[0], expected, rtol=1e-5, atol=1e-6)


def test_group_of_equal_numbers_is_zero() -> None:
    """Exactly, though the mean of equal numbers may differ from them by rounding; PyTorch's double precision gives 7.7e15 here."""
    x = torch.tensor([[value] * 14 for value in (0.1, -1 / 3, 1e30, LARGEST)])
    y, dx = run(LAYERS["group_norm"](), x, torch.arange(14.0).expand_as(x))
    assert torch.equal(y, torch.zeros_like(x))
    deviations = torch.arange(-3.0, 4).repeat(2).expand_as(x)
    torch.testing.assert_close(dx, deviations / math.sqrt(1e-5), rtol=1e-5, atol=0)


def test_one_group_is_layer_normalization() -> None:
    x = normal(5, 6)
    torch.testing.assert_close(run(LAYERS["group_norm"](groups=1), x)[0], run(build("layer_norm"), x)[0])


def test_log_softmax_of_large_differences() -> None:
    """Far below the smallest probability that a float can hold, and with equal features of any size."""
    x = torch.tensor([[0.0, -1e30, -1000.0], [1e30, 1e30, 1e30], [LARGEST, 0.0, LARGEST]])
    y, dx = run(LAYERS["log_softmax"](), x, torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    half, third = math.log(1 / 2), math.log(1 / 3)
    torch.testing.assert_close(y, torch.tensor([[0.0, -1e30, -1000.0], [third] * 3, [half, -LARGEST, half]]))
    torch.testing.assert_close(dx, torch.tensor([[0.0, 0.0, 0.0], [2 / 3, -1 / 3, -1 / 3], [-0.5, 1.0, -0.5]]))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("name", "options"),
    [("rms_norm", {}), ("group_norm", {}), ("log_softmax", {}), ("alpha_dropout", {}), ("weight_norm", {"out_features": 3})],
)
def test_nan_stays_in_its_example(name: str, options: dict[str, Any], training: bool) -> None:
    layer = build(name, **options)
    for feature in range(6):
        x = normal(4, 6)
        x[1, feature] = torch.nan
        y, _ = layer.forward(start(layer, x), x, context(training))
        assert y.isnan().any(-1).tolist() == [False, True, False, False]


@pytest.mark.parametrize(("groups", "features"), [(4, 25), (4, 4), (2, 1), (3, 0)])
def test_features_that_cannot_be_grouped(groups: int, features: int) -> None:
    message = rf"^layer group_norm: .* expected a multiple of {groups} from {2 * groups} on, got {features}$"
    with pytest.raises(ShapeError, match=message):
        LAYERS["group_norm"](groups=groups).init(features, torch.Generator())


# Alpha dropout


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_alpha_dropout_has_the_values_of_pytorch(p: float) -> None:
    """Which features are dropped is drawn differently, so that the two values of each feature are compared."""
    x = normal(1, 4).expand(2000, 4).contiguous()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = nn.AlphaDropout(p)(x)
    ours, _ = run(LAYERS["alpha_dropout"](p=p), x)
    torch.testing.assert_close(torch.stack(ours.aminmax(dim=0)), torch.stack(theirs.aminmax(dim=0)))
    assert all(len(column.unique()) == 2 for column in ours.T)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    """For a million standard normal numbers, within five standard errors; of them the share `p` is dropped."""
    x = normal(1000, 1000)
    y, dx = run(LAYERS["alpha_dropout"](p=p), x)
    assert abs(y.mean().item()) < 5e-3
    assert abs(y.var().item() - 1) < 5 * (((y - y.mean()) ** 2).var().item() / x.numel()) ** 0.5
    assert abs((dx == 0).double().mean().item() - p) < 5 * math.sqrt(p * (1 - p) / x.numel())


def test_alpha_dropout_changes_nothing_while_predicting() -> None:
    x = normal(3, 4)
    layer = LAYERS["alpha_dropout"]()
    y, cache = layer.forward({}, x, context(training=False))
    assert torch.equal(y, x)
    assert torch.equal(layer.backward({}, cache, x)[0], x)


def test_alpha_dropout_draws_as_dropout_does() -> None:
    x = normal(50, 40) + 10
    ours, theirs = (run(build(name, p=0.3), x)[1] for name in ("alpha_dropout", "dropout"))
    assert torch.equal(ours == 0, theirs == 0)


# Weight normalization


@pytest.mark.parametrize("bias", [True, False])
def test_weight_norm_equals_pytorch(bias: bool) -> None:
    layer = build("weight_norm", out_features=3, bias=bias)
    module = nn.utils.parametrizations.weight_norm(nn.Linear(5, 3, bias=bias).double())
    params = {"g": normal(3), "v": normal(3, 5, seed=1)} | ({"bias": normal(3, seed=2)} if bias else {})
    theirs = [("g", "parametrizations.weight.original0"), ("v", "parametrizations.weight.original1"), ("bias", "bias")]
    names = {name: other for name, other in theirs if name in params}
    module.load_state_dict({other: params[name].reshape(module.state_dict()[other].shape) for name, other in names.items()})
    x, dy = normal(7, 5, seed=3), normal(7, 3, seed=4)
    leaf = x.clone().requires_grad_()
    expected = module(leaf)
    expected.backward(dy)
    y, cache = layer.forward(params, x, context())
    dx, gradients = layer.backward(params, cache, dy)
    torch.testing.assert_close(y, expected.detach())
    torch.testing.assert_close(dx, leaf.grad)
    assert gradients.keys() == params.keys()
    for name, other in names.items():
        found = dict(module.named_parameters())[other].grad
        assert found is not None
        torch.testing.assert_close(gradients[name], found.reshape(params[name].shape))
    torch.testing.assert_close((gradients["v"] * params["v"]).sum(-1), torch.zeros(3).double())


@pytest.mark.parametrize("initializer", [None, "he_fan_out", "torch_default", "orthogonal"])
def test_weight_norm_starts_as_a_linear_layer(initializer: str | None) -> None:
    options = {} if initializer is None else {"initializer": initializer}
    x = normal(7, 5)
    ours, theirs = (run(build(name, out_features=3, **options), x) for name in ("weight_norm", "linear"))
    for found, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)  # the lengths are rounded to single precision


@pytest.mark.parametrize("exponent", [-120, -70, 70, 120])
def test_weight_norm_does_not_depend_on_the_length_of_v(exponent: int) -> None:
    layer, x, dy = build("weight_norm", out_features=3), normal(7, 5).float(), normal(7, 3, seed=4).float()
    params = start(layer, x)
    scaled = params | {"v": params["v"] * 2.0**exponent}
    (y, cache), (same, other) = (layer.forward(each, x, context()) for each in (params, scaled))
    assert torch.equal(y, same)
    gradients, found = layer.gradients(params, cache, dy), layer.gradients(scaled, other, dy)
    torch.testing.assert_close(found["g"], gradients["g"])
    torch.testing.assert_close(found["v"].double() * 2.0**exponent, gradients["v"].double(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("initializer", ["zeros", "constant"])
def test_weight_norm_refuses_weights_without_a_direction(initializer: str) -> None:
    with pytest.raises(RegnetError, match=r"^layer weight_norm: .* zero, which have no direction$"):
        build("weight_norm", out_features=3, initializer=initializer).init(5, torch.Generator())
