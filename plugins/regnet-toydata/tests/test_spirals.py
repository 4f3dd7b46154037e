"""Spirals: radius, angle and class as documented."""

from __future__ import annotations

import math

import pytest
import torch
from examples import draw
from regnet_toydata import Spirals


@pytest.mark.parametrize(("arms", "turns"), [(3, 0.75), (2, 2.0), (5, 1.0)])
def test_the_angle_determines_the_arm(arms: int, turns: float) -> None:
    split = draw(Spirals(arms=arms, turns=turns, noise=0)).train
    radius = split.x.double().norm(dim=-1)
    angle = torch.atan2(split.x[:, 1], split.x[:, 0]).double()
    arm = (angle / (2 * math.pi) - turns * radius) * arms
    off = (arm - split.y + arms / 2) % arms - arms / 2
    assert off[radius > 0.01].abs().max().item() < 1e-3


def test_radii_are_uniform_and_the_noise_adds_its_variance() -> None:
    """A mean square of ⅓ for a radius uniform in [0, 1], and 2 · 0.2² for the noise."""
    square = draw(Spirals(noise=0.2, train_size=40_000)).train.x.square().sum(-1).mean().item()
    assert square == pytest.approx(1 / 3 + 2 * 0.2**2, abs=0.01)


def test_label_without_noise_is_right_away_from_the_centre() -> None:
    spirals = Spirals(arms=4, noise=0)
    split = draw(spirals).train
    outer = split.x.norm(dim=-1) > 0.1
    assert torch.equal(spirals.label(split.x[outer]), split.y[outer])
