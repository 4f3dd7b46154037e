"""Central differences: correct if a function is smooth, and marked otherwise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from regnet.check.finite_differences import STEP, slopes


def tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_slopes_of_a_smooth_function() -> None:
    x = tensor(-2.0, -0.3, 0.0, 0.7, 1.9)
    found = slopes(lambda: x.sin() @ x.exp(), x)
    assert found.smooth.all()
    torch.testing.assert_close(found.values, x.exp() * (x.sin() + x.cos()), rtol=1e-9, atol=1e-9)


def test_moved_tensor_is_restored() -> None:
    x = tensor(0.1, 0.2)
    slopes(lambda: x.square().sum(), x)
    assert torch.equal(x, tensor(0.1, 0.2))


@pytest.mark.parametrize("distance", [0.0, 0.1, 0.4, 0.6, 0.9])
@pytest.mark.parametrize("sign", [1, -1])
def test_kinks_are_marked_at_and_within_a_step(distance: float, sign: int) -> None:
    """Exactly at the kink both step lengths give the mean of the two slopes; the difference of the two sides reveals the kink."""
    x = tensor(1.0, sign * distance * STEP, -1.0)
    found = slopes(lambda: x.relu().sum(), x)
    assert found.smooth.tolist() == [True, False, True]


def test_jumps_are_marked() -> None:
    x = tensor(1.0, 0.3 * STEP)
    assert slopes(lambda: x.sign().sum(), x).smooth.tolist() == [True, False]


def test_kink_farther_than_a_step_is_not_marked() -> None:
    x = tensor(1.5 * STEP, -1.5 * STEP)
    found = slopes(lambda: x.relu().sum(), x)
    assert found.smooth.all()
    torch.testing.assert_close(found.values, tensor(1.0, 0.0))
