"""The values of layers, losses and metrics over the whole range of single precision, against arithmetic with 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from torch import Tensor

from regnet.builtin.layers.gelu import CUBIC, GELU, SLOPE
from regnet.builtin.layers.layer_norm import LayerNorm
from regnet.builtin.layers.sigmoid import Sigmoid
from regnet.builtin.layers.silu import SiLU
from regnet.builtin.layers.tanh import Tanh
from regnet.builtin.losses.binary_cross_entropy import BinaryCrossEntropy
from regnet.builtin.losses.cross_entropy import CrossEntropy
from regnet.builtin.losses.huber import Huber
from regnet.builtin.losses.mse import MSE
from regnet.builtin.metrics.mae import MAE
from regnet.builtin.metrics.median_absolute_error import MedianAbsoluteError
from regnet.builtin.metrics.r2 import R2
from regnet.builtin.metrics.rmse import RMSE
from regnet.contracts import Context, Layer

mp.dps = 50
LARGEST = torch.finfo(torch.float32).max
SMALLEST = torch.finfo(torch.float32).tiny
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)
MODERATE = st.floats(-120, 120, width=32, allow_subnormal=False)
LOGITS = st.lists(st.one_of(SINGLE, MODERATE), min_size=3, max_size=3)


def cross_entropy(y: list[float], t: int) -> mpf:
    return mp.log1p(sum(mp.exp(mpf(other) - mpf(y[t])) for index, other in enumerate(y) if index != t))


def binary_cross_entropy(y: list[float], t: int) -> mpf:
    return sum(mp.log1p(mp.exp(-mpf(each) if index == t else mpf(each))) for index, each in enumerate(y)) / len(y)


def huber(y: list[float], t: int) -> mpf:
    errors = [abs(mpf(each) - (index == t)) for index, each in enumerate(y)]
    return sum(error**2 / 2 if error <= 1 else error - mpf(1) / 2 for error in errors) / len(y)


def mse(y: list[float], t: int) -> mpf:
    return sum((mpf(each) - (index == t)) ** 2 for index, each in enumerate(y))


def one_hot(t: int) -> Tensor:
    return torch.eye(3)[[t]]


def as_index(t: int) -> Tensor:
    return torch.tensor([t])


@pytest.mark.parametrize(
    ("loss", "target", "exact"),
    [
        (CrossEntropy(), as_index, cross_entropy),
        (BinaryCrossEntropy(), one_hot, binary_cross_entropy),
        (Huber(), one_hot, huber),
        (MSE(), one_hot, mse),
    ],
    ids=["cross_entropy", "binary_cross_entropy", "huber", "mse"],
)
@settings(max_examples=300, deadline=None)
@given(y=LOGITS, t=st.integers(0, 2))
def test_losses(
    loss: CrossEntropy, target: Callable[[int], Tensor], exact: Callable[[list[float], int], mpf], y: list[float], t: int
) -> None:
    expected = exact(y, t)
    for dtype in (torch.float32, torch.float64):
        got = loss.forward(torch.tensor([y], dtype=dtype), target(t).to(dtype) if target is one_hot else target(t))
        assert got.dtype == dtype
        if SMALLEST < expected < LARGEST:
            assert abs(mpf(got.item()) - expected) <= 1e-6 * expected
        elif expected <= SMALLEST:
            assert got.item() <= SMALLEST * 1.001
        else:
            assert got.item() > LARGEST * 0.999


@pytest.mark.parametrize(("logits", "t", "expected"), [([1e8, 1e8], 0, math.log(2)), ([20.0, 0.0], 0, 2.0611536e-9)])
def test_cross_entropy_of_large_logits(logits: list[float], t: int, expected: float) -> None:
    """pytorch#113708: equal logits of 1e8 gave 0, and so did a right prediction with much certainty."""
    prediction, target = torch.tensor([logits]), torch.tensor([t])
    assert CrossEntropy().forward(prediction, target).item() == pytest.approx(expected, rel=1e-6)
    slope = CrossEntropy().backward(prediction, target)[0]
    assert slope.tolist() == pytest.approx([-slope[1].item(), 0.5 if expected > 0.1 else expected], rel=1e-6)


def test_binary_cross_entropy_of_a_large_logit() -> None:
    """pytorch#11752: at logit 16 the loss of a right answer was 0, and it is 1.1e-7."""
    loss, prediction, target = BinaryCrossEntropy(), torch.tensor([[16.0]]), torch.tensor([[1.0]])
    assert loss.forward(prediction, target).item() == pytest.approx(1.1253516e-7, rel=1e-6)
    assert loss.backward(prediction, target).item() == pytest.approx(-1.1253516e-7, rel=1e-6)
    far = loss.probabilities(torch.tensor([[-200.0, -201.0]]))
    assert far[0].tolist() == pytest.approx([0.7310586, 0.2689414], rel=1e-6)


def logistic(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def gelu(x: mpf) -> mpf:
    return x * mp.erfc(-x / mp.sqrt(2)) / 2


def gelu_slope(x: mpf) -> mpf:
    return mp.erfc(-x / mp.sqrt(2)) / 2 + x * mp.npdf(x)


def approximate_gelu(x: mpf) -> mpf:
    return x * logistic(2 * SLOPE * (x + CUBIC * x**3))


def approximate_gelu_slope(x: mpf) -> mpf:
    u = 2 * SLOPE * (x + CUBIC * x**3)
    return logistic(u) * (1 + x * logistic(-u) * 2 * SLOPE * (1 + 3 * CUBIC * x**2))


LAYERS: dict[str, tuple[Layer, Callable[[mpf], mpf], Callable[[mpf], mpf]]] = {
    "sigmoid": (Sigmoid(), logistic, lambda x: logistic(x) * logistic(-x)),
    "tanh": (Tanh(), mp.tanh, lambda x: mp.sech(x) ** 2),
    "silu": (SiLU(), lambda x: x * logistic(x), lambda x: logistic(x) * (1 + x * logistic(-x))),
    "gelu": (GELU(), gelu, gelu_slope),
    "gelu, tanh": (GELU(approximate="tanh"), approximate_gelu, approximate_gelu_slope),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_and_their_slopes(name: str) -> None:
    """The tails, too: 1 + tanh u is 0 in single precision where x is below -6, and so was the whole GELU."""
    layer, value, slope = LAYERS[name]
    sizes = [1e-38, 1e-20, 1e-3, 0.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 30, 80, 90, 1e3, 1e10, 1e19, 1e20, 3e38]
    x = torch.tensor([[sign * size for size in sizes for sign in (1, -1)]])
    context: Context = None  # type: ignore[assignment]  # these layers do not use it
    y, cache = layer.forward({}, x, context)
    dx, _ = layer.backward({}, cache, torch.ones_like(y))
    subnormal = 100 * SMALLEST  # a factor of the result may be below the smallest number
    for number, got, got_slope in zip(x[0].tolist(), y[0].tolist(), dx[0].tolist(), strict=True):
        assert mp.almosteq(got, value(mpf(number)), rel_eps=1e-5, abs_eps=subnormal)
        lost = 1e-7 if name == "tanh" else 0  # the paper's 1 - y² is exact to the last digit of 1 only
        assert mp.almosteq(got_slope, slope(mpf(number)), rel_eps=1e-5, abs_eps=subnormal + lost)


@pytest.mark.parametrize("scale", [1e-38, 1e-3, 1.0, 1e15, 1e19, 1e25, 3e38])
def test_layer_norm_at_any_scale(scale: float) -> None:
    """The square of 1e20 is infinite in single precision."""
    layer, context = LayerNorm(), None
    params, _ = layer.init(5, torch.Generator())
    x, dy = torch.linspace(-1, 1, 15).square().reshape(3, 5) * scale, torch.linspace(-2, 1, 15).reshape(3, 5)
    y, cache = layer.forward(params, x, context)  # type: ignore[arg-type]  # the layer does not use it
    dx, _ = layer.backward(params, cache, dy)
    exact = x.double().requires_grad_()
    expected = torch.nn.functional.layer_norm(exact, (5,))
    expected.backward(dy.double())
    torch.testing.assert_close(y.double(), expected.detach(), rtol=1e-5, atol=1e-6)
    assert exact.grad is not None
    torch.testing.assert_close(dx.double(), exact.grad, rtol=1e-4, atol=1e-6 * exact.grad.abs().max().item())


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e20, 1e38])
def test_metrics_at_any_scale(scale: float) -> None:
    """gluonts#3312: metrics in single precision overflowed for targets of 1e20."""
    target = torch.linspace(-1, 1, 101, dtype=torch.float64).unsqueeze(-1)
    prediction = 0.9 * target
    single = (prediction * scale).float(), (target * scale).float()
    assert R2().compute(*single).item() == pytest.approx(0.99, rel=1e-6)
    assert RMSE().compute(*single).item() == pytest.approx(0.1 * target.square().mean().sqrt().item() * scale, rel=1e-5)
    assert MAE().compute(*single).item() == pytest.approx(0.1 * target.abs().mean().item() * scale, rel=1e-5)
    assert MedianAbsoluteError().compute(*single).item() == pytest.approx(0.05 * scale, rel=1e-5)


@pytest.mark.parametrize("values", [[0.1] * 7, [3.0], [1e20] * 3])
def test_r2_of_equal_targets_is_undefined(values: list[float]) -> None:
    """sklearn#16857: it was minus infinity where the mean of equal numbers differs from them by rounding."""
    target = torch.tensor(values).unsqueeze(-1)
    assert R2().compute(target + 1, target).isnan()
