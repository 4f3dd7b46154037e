"""Counts of predicted classes by true class, from which several metrics are computed."""

from __future__ import annotations

import torch
from torch import Tensor


def confusion(scores: Tensor, target: Tensor) -> Tensor:
    """The number of examples ``(*R, K, K)`` of each class (rows) that are predicted as each class (columns), in double precision.

    Args:
        scores: the network's outputs ``(*R, N, K)``.
        target: class numbers ``(*R, N)``.
    """
    classes = scores.shape[-1]
    pairs = target * classes + scores.argmax(-1)
    counts = torch.zeros(*pairs.shape[:-1], classes * classes, dtype=torch.float64, device=scores.device)
    counts.scatter_add_(-1, pairs, torch.ones_like(pairs, dtype=torch.float64))
    return counts.view(*counts.shape[:-1], classes, classes)


def share(part: Tensor, whole: Tensor) -> Tensor:
    """``part / whole``, or NaN where `whole` is 0."""
    return torch.where(whole > 0, part / whole, torch.nan)
