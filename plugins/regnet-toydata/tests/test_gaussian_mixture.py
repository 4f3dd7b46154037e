"""Gaussian mixture: centres, spread, and the smallest possible error."""

from __future__ import annotations

from math import erfc, sqrt

import pytest
import torch
from examples import draw
from regnet_toydata import GaussianMixture

COUNT = 60_000


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_distance_between_neighbouring_centres(classes: int) -> None:
    split = draw(GaussianMixture(classes=classes, features=4, separation=2.5, noise=0.5, train_size=COUNT)).train
    centres = torch.stack([split.x[split.y == number].double().mean(0) for number in range(classes)])
    distances = (centres - centres.roll(1, 0)).norm(dim=-1)
    assert distances.tolist() == pytest.approx([2.5] * classes, abs=0.05)
    assert centres[:, 2:].abs().max().item() < 0.03
    assert centres[0, 0] > 0
    assert abs(centres[0, 1].item()) < 0.03
    assert split.x[split.y == 0].double().std(0).tolist() == pytest.approx([0.5] * 4, abs=0.02)


@pytest.mark.parametrize(("separation", "noise"), [(3.0, 1.0), (1.0, 2.0)])
def test_the_smallest_error_of_two_classes(separation: float, noise: float) -> None:
    """Φ(-separation / 2 noise), with Φ(z) = ½ erfc(-z / √2)."""
    mixture = GaussianMixture(classes=2, separation=separation, noise=noise, train_size=COUNT)
    split = draw(mixture).train
    found = (mixture.label(split.x) != split.y).double().mean().item()
    assert found == pytest.approx(0.5 * erfc(separation / (2 * noise) / sqrt(2)), abs=0.01)
