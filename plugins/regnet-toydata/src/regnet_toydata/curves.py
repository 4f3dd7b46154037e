"""Which of several noisy curves a point most likely comes from: the best answer that any network could learn."""

from __future__ import annotations

import torch
from torch import Tensor

POINTS = 128
"""Points that stand for a curve."""
SHARPEST = 1e-3
"""The smallest noise to reckon with; below it, the nearest curve is the most likely one."""
CHUNK = 4096
"""Inputs judged at once, to keep the distances to every point of every curve small."""


def along(length: float = 1.0) -> Tensor:
    """POINTS positions spread evenly over ``[0, length]``, each in the middle of its part."""
    return (torch.arange(POINTS) + 0.5) * (length / POINTS)


def most_likely(x: Tensor, curves: Tensor, noise: float) -> Tensor:
    """The class ``(N,)`` whose density is highest at each input ``(N, 2)``, all classes being equally frequent.

    A class whose points are ``c(t) + N(0, noise² I)``, t uniform, has the density ``∫ exp(-|x - c(t)|² / (2 noise²)) dt`` but for a
    factor that all classes share; here the integral is a sum.

    Args:
        x: the inputs.
        curves: for each class, points of its curve that are evenly spread in t, ``(K, POINTS, 2)``.
        noise: the standard deviation.
    """
    flat = curves.double().flatten(0, 1)
    sharpness = 1 / max(noise, SHARPEST) ** 2

    def judge(part: Tensor) -> Tensor:
        closeness = part @ flat.mT - flat.square().sum(-1) / 2  # -|x - c|² / 2, but for |x|² / 2, which all classes share
        density: Tensor = (sharpness * closeness).unflatten(-1, curves.shape[:2]).logsumexp(-1)
        return density.argmax(-1)

    return torch.cat([judge(part) for part in x.double().split(CHUNK)])
