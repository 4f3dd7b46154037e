"""Two moons: half circles and noise as documented."""

from __future__ import annotations

import pytest
import torch
from examples import draw
from regnet_toydata import TwoMoons

COUNT = 40_000


def test_without_noise_the_points_lie_on_the_half_circles() -> None:
    split = draw(TwoMoons(noise=0)).train
    upper, lower = split.x[split.y == 0], split.x[split.y == 1]
    torch.testing.assert_close(upper.norm(dim=-1), torch.ones(len(upper)))
    assert upper[:, 1].min() >= -1e-6
    torch.testing.assert_close((lower - torch.tensor([1.0, 0.5])).norm(dim=-1), torch.ones(len(lower)))
    assert lower[:, 1].max() <= 0.5 + 1e-6


def test_the_noise_adds_its_variance_in_both_features() -> None:
    """Around its centre a half circle has a mean square of 1, with noise 1 + 2 · 0.3²."""
    split = draw(TwoMoons(noise=0.3, train_size=COUNT)).train
    square = split.x[split.y == 0].square().sum(-1).mean().item()
    assert square == pytest.approx(1 + 2 * 0.3**2, abs=0.03)
    assert split.y.double().mean().item() == pytest.approx(0.5, abs=0.0125)


def test_label_has_the_symmetry_of_the_moons() -> None:
    """Rotating by 180° around (½, ¼) exchanges the moons."""
    x = draw(TwoMoons(noise=0.4)).train.x
    label = TwoMoons(noise=0.4).label
    assert (label(x) == 1 - label(torch.tensor([1.0, 0.5]) - x)).double().mean() > 0.999


def test_label_without_noise() -> None:
    split = draw(TwoMoons(noise=0)).train
    assert torch.equal(TwoMoons(noise=0).label(split.x), split.y)


def test_label_is_the_most_frequent_class() -> None:
    """In a small disc with points of both classes, the label is the more frequent class."""
    noisy = TwoMoons(noise=0.5, train_size=200_000)
    split = draw(noisy).train
    for position in ([0.5, 0.6], [0.5, -0.1], [1.2, 0.3], [-0.2, 0.0], [0.0, 0.2]):
        centre = torch.tensor([position])
        near = split.y[(split.x - centre).norm(dim=-1) < 0.1].double()
        share = near.mean().item()
        if abs(share - 0.5) > 4 * 0.5 / len(near) ** 0.5:
            assert noisy.label(centre).item() == (share > 0.5)
