"""Values of each loss against arithmetic with 60 digits, over the whole range of single precision; gradients; wrong options."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from regnet_losses import regnet_losses
from torch import Tensor, nn

from regnet import BadOption, Loss

LARGEST = torch.finfo(torch.float32).max
SMALLEST = torch.finfo(torch.float32).tiny
DTYPES = (torch.float32, torch.float64)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)
MODERATE = st.floats(-120, 120, width=32, allow_subnormal=False)
OUTPUTS = st.lists(st.one_of(SINGLE, MODERATE), min_size=3, max_size=3)

LOSSES: dict[str, Any] = dict(regnet_losses())
Exact = Callable[[list[mpf], int], mpf]


@pytest.fixture(autouse=True)
def _many_digits() -> Any:
    with mp.workdps(60):
        yield


def each(y: list[mpf], t: int) -> list[tuple[mpf, int]]:
    """The outputs, each with its target: 3 at place t, else 0."""
    return [(output, 3 * (place == t)) for place, output in enumerate(y)]


def l1(y: list[mpf], t: int) -> mpf:
    return sum(abs(output - target) for output, target in each(y, t)) / 3


def smooth_l1(beta: float) -> Exact:
    def exact(y: list[mpf], t: int) -> mpf:
        errors = [abs(output - target) for output, target in each(y, t)]
        return sum(error**2 / (2 * mpf(beta)) if error < beta else error - mpf(beta) / 2 for error in errors)

    return exact


def quantile(y: list[mpf], t: int) -> mpf:
    q = mpf(0.9)
    return sum(max(q * (target - output), (q - 1) * (target - output)) for output, target in each(y, t)) / 3


def poisson(y: list[mpf], t: int) -> mpf:
    return sum(mp.exp(output) - target * output for output, target in each(y, t)) / 3


def hinge(margin: float) -> Exact:
    def exact(y: list[mpf], t: int) -> mpf:
        return sum(max(mpf(0), margin - y[t] + other) for place, other in enumerate(y) if place != t) / 3

    return exact


def cross_entropy(y: list[mpf], t: int) -> mpf:
    return mp.log1p(sum(mp.exp(other - y[t]) for place, other in enumerate(y) if place != t))


def focal(gamma: float, *alpha: float) -> Exact:
    def exact(y: list[mpf], t: int) -> mpf:
        loss = cross_entropy(y, t)
        return (mpf(alpha[t]) if alpha else 1) * (-mp.expm1(-loss)) ** mpf(gamma) * loss

    return exact


def kl(smoothing: float) -> Exact:
    def exact(y: list[mpf], t: int) -> mpf:
        e = mpf(smoothing)
        targets = [(1 - e) * (place == t) + e / 3 for place in range(3)]
        return sum(target * (mp.log(target) + cross_entropy(y, place)) for place, target in enumerate(targets) if target)

    return exact


CASES: dict[str, tuple[Loss, Exact]] = {
    "l1": (LOSSES["l1"](), l1),
    "smooth_l1": (LOSSES["smooth_l1"](reduction="sum"), smooth_l1(1.0)),
    "smooth_l1 of 1e-20": (LOSSES["smooth_l1"](beta=1e-20, reduction="sum"), smooth_l1(1e-20)),
    "quantile": (LOSSES["quantile"](quantile=0.9), quantile),
    "poisson": (LOSSES["poisson"](), poisson),
    "hinge": (LOSSES["hinge"](), hinge(1.0)),
    "hinge of 0.4": (LOSSES["hinge"](margin=0.4), hinge(0.4)),
    "focal": (LOSSES["focal"](), focal(2.0)),
    "focal of 0": (LOSSES["focal"](gamma=0.0), focal(0.0)),
    "focal of 0.5 with alpha": (LOSSES["focal"](gamma=0.5, alpha=[0.25, 2.0, 1.2]), focal(0.5, 0.25, 2.0, 1.2)),
    "kl": (LOSSES["kl"](), kl(0.0)),
    "kl smoothed": (LOSSES["kl"](label_smoothing=0.1), kl(0.1)),
}
EVERY_CASE = pytest.mark.parametrize("case", CASES)


def target_for(loss: Loss, t: int, dtype: torch.dtype) -> Tensor:
    if "index" in loss.codings:
        return torch.tensor([t])
    return torch.eye(3, dtype=dtype)[[t]] * (1 if loss.codings == ("one_hot",) else 3)


@EVERY_CASE
@settings(max_examples=300, deadline=None)
@given(y=OUTPUTS, t=st.integers(0, 2))
@example(y=[1e-20, 1.0, 1.0], t=1)
@example(y=[-1.0, -1e-20, 0.0], t=1)
@example(y=[3e38, -3e38, 3e38], t=1)
@example(y=[0.0, 0.0, 20.0], t=2)
@example(y=[-200.0, -200.0, 0.61906], t=2)  # eʸ and 3 y are almost equal
def test_values_of_any_outputs(case: str, y: list[float], t: int) -> None:
    loss, exact = CASES[case]
    for dtype in DTYPES:
        prediction = torch.tensor([y], dtype=dtype)
        expected = exact([mpf(number) for number in prediction[0].tolist()], t)
        got = loss.forward(prediction, target_for(loss, t, dtype))
        assert got.dtype == dtype
        if SMALLEST < abs(expected) < LARGEST:
            assert abs(mpf(got.item()) - expected) <= 1e-6 * abs(expected)
        elif abs(expected) <= SMALLEST:
            assert abs(got.item()) <= SMALLEST * 1.001
        else:
            assert got.item() * mp.sign(expected) > LARGEST * 0.999


@EVERY_CASE
@settings(max_examples=100, deadline=None)
@given(y=OUTPUTS, t=st.integers(0, 2))
def test_gradients_in_both_precisions(case: str, y: list[float], t: int) -> None:
    """Those in double precision are compared with the slopes of the values by the conformance check."""
    loss, _ = CASES[case]
    single, double = (loss.backward(torch.tensor([y], dtype=dtype), target_for(loss, t, dtype)) for dtype in DTYPES)
    assert (single.dtype, double.dtype) == DTYPES
    within = double.abs() < LARGEST
    torch.testing.assert_close(single.double()[within], double[within], rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("smoothing", [1e-6, 0.1, 0.9])
def test_divergence_next_to_its_minimum(smoothing: float) -> None:
    """At the numbers of single precision that are next to the best ones, subtracting the entropy would leave no digits."""
    best = np.float32(log((1 - smoothing + smoothing / 3) / (smoothing / 3)))
    for number in (best, np.nextafter(best, np.float32(0)), np.nextafter(best, np.float32(99))):
        y = [0.0, float(number), 0.0]
        expected = kl(smoothing)([mpf(output) for output in y], 1)
        got = LOSSES["kl"](label_smoothing=smoothing).forward(torch.tensor([y]), torch.tensor([[0.0, 1.0, 0.0]])).item()
        assert 0 < expected < 1e-13
        assert abs(got - expected) <= 1e-6 * expected


def test_divergence_of_targets_that_are_distributions() -> None:
    """As with PyTorch, they need neither be one-hot nor sum to 1."""
    prediction = torch.randn(5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    target = torch.rand(5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target[0, 1] = 0
    loss = LOSSES["kl"]()
    expected = nn.KLDivLoss(reduction="batchmean")(prediction.log_softmax(-1), target)
    (slope,) = torch.autograd.grad(expected, [prediction])
    torch.testing.assert_close(loss.forward(prediction.detach(), target), expected.detach())
    torch.testing.assert_close(loss.backward(prediction.detach(), target), slope)


def batch(loss: Loss) -> tuple[Tensor, Tensor]:
    """Outputs ``(6, 3)`` and their targets."""
    generator = torch.Generator().manual_seed(3)
    prediction = 2 * torch.randn(6, 3, generator=generator, dtype=torch.float64)
    numbers = torch.tensor([0, 1, 2, 2, 0, 1])
    if loss.codings == ("index",):
        return prediction, numbers
    return prediction, torch.eye(3, dtype=torch.float64)[numbers]


@pytest.mark.parametrize(
    ("loss", "same"),
    [
        (LOSSES["focal"](gamma=0.0), nn.CrossEntropyLoss()),
        (LOSSES["focal"](gamma=0.0, alpha=[2.0, 2.0, 2.0]), lambda y, t: 2 * nn.CrossEntropyLoss()(y, t)),
        (LOSSES["kl"](), nn.CrossEntropyLoss()),
        (LOSSES["quantile"](), lambda y, t: nn.L1Loss()(y, t) / 2),
        (LOSSES["smooth_l1"](beta=0.5), lambda y, t: nn.HuberLoss(delta=0.5)(y, t) / 0.5),
    ],
    ids=["focal", "focal with alpha", "kl", "quantile", "smooth_l1"],
)
def test_special_cases(loss: Loss, same: Callable[[Tensor, Tensor], Tensor]) -> None:
    prediction, target = batch(loss)
    torch.testing.assert_close(loss.forward(prediction, target), same(prediction, target))


@pytest.mark.parametrize("name", ["l1", "smooth_l1", "quantile", "poisson", "hinge"])
def test_reductions_differ_by_the_number_of_outputs(name: str) -> None:
    total, mean = (LOSSES[name](reduction=reduction) for reduction in ("sum", "mean"))
    given = batch(mean)
    torch.testing.assert_close(total.forward(*given), 3 * mean.forward(*given))
    torch.testing.assert_close(total.backward(*given), 3 * mean.backward(*given))


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_the_best_constant_is_the_quantile(q: float) -> None:
    numbers = torch.randn(101, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    loss = LOSSES["quantile"](quantile=q)
    losses = [loss.forward(number.expand(101, 1), numbers).item() for number in numbers]
    assert numbers[int(np.argmin(losses))].item() == pytest.approx(np.quantile(numbers, q))


@pytest.mark.parametrize("name", ["l1", "quantile"])
def test_no_slope_at_the_target(name: str) -> None:
    found = LOSSES[name]().backward(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 5.0]]))
    assert found[0, 0] == 0
    assert found[0, 1] < 0


def test_hinge_at_the_margin_has_no_slope() -> None:
    """Nor where the terms cancel to 0 exactly, in any order of size."""
    found = LOSSES["hinge"]().backward(torch.tensor([[1.0, 0.0, 1e-20]]), torch.tensor([0]))
    assert found[0].tolist() == pytest.approx([-1 / 3, 0, 1 / 3])


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("size", [100.0, 1e4, 1e30])
def test_large_outputs_stay_finite(name: str, size: float) -> None:
    if name == "poisson":
        size = min(size, 80)  # the exponential of more is beyond single precision
    loss = LOSSES[name]()
    prediction, target = batch(loss)
    prediction = size * prediction.sign().float()
    target = target.float() if target.is_floating_point() else target
    assert loss.forward(prediction, target).isfinite()
    assert loss.backward(prediction, target).isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("place", range(3))
def test_nan_in_any_place(name: str, place: int) -> None:
    loss = LOSSES[name]()
    prediction, target = batch(loss)
    prediction[0, place] = torch.nan
    assert loss.forward(prediction, target).isnan()
    slope = loss.backward(prediction, target)
    assert slope[0, place].isnan()
    assert slope[1:].isfinite().all()


@pytest.mark.parametrize("name", ["focal", "kl"])
def test_probabilities_are_the_softmax(name: str) -> None:
    prediction, _ = batch(LOSSES[name]())
    odds = np.exp(prediction.numpy())
    np.testing.assert_allclose(LOSSES[name]().probabilities(prediction), odds / odds.sum(-1, keepdims=True), rtol=1e-12)


@pytest.mark.parametrize("method", ["forward", "backward"])
def test_wrong_number_of_factors(method: str) -> None:
    loss = LOSSES["focal"](alpha=[0.25, 0.75])
    with pytest.raises(BadOption, match=r"loss focal: alpha has 2 numbers, but there are 3 classes: give one") as caught:
        getattr(loss, method)(*batch(loss))
    assert "\n" not in str(caught.value)
