"""Find the noisy curve that a point most likely comes from: the best prediction that a network could learn."""

from __future__ import annotations

import torch
from torch import Tensor

POINTS = 128
"""The number of points that represent a curve."""
SHARPEST = 1e-3
"""The smallest noise to compute with; below it, the nearest curve is the most likely one."""
CHUNK = 4096
"""The number of inputs classified at once, to limit the memory for distances to every point of every curve."""


def along(length: float = 1.0) -> Tensor:
    """POINTS positions, evenly spaced over ``[0, length]``: the midpoints of equal parts."""
    return (torch.arange(POINTS) + 0.5) * (length / POINTS)


def most_likely(x: Tensor, curves: Tensor, noise: float) -> Tensor:
    """The class ``(N,)`` whose density is highest at each input ``(N, 2)``, all classes being equally frequent.

    A class whose points are ``c(t) + N(0, noise² I)``, t uniform, has the density ``∫ exp(-|x - c(t)|² / (2 noise²)) dt`` times a
    factor that all classes share; here the integral is approximated by a sum.

    Args:
        x: the inputs.
        curves: for each class, points of its curve that are evenly spread in t, ``(K, POINTS, 2)``.
        noise: the standard deviation.
    """
    flat = curves.double().flatten(0, 1)
    sharpness = 1 / max(noise, SHARPEST) ** 2

    def classify(part: Tensor) -> Tensor:
        closeness = part @ flat.mT - flat.square().sum(-1) / 2  # -|x - c|² / 2 without the term -|x|² / 2, which all classes share
        density: Tensor = (sharpness * closeness).unflatten(-1, curves.shape[:2]).logsumexp(-1)
        return density.argmax(-1)

    return torch.cat([classify(part) for part in x.double().split(CHUNK)])
