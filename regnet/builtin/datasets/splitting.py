"""Split a fixed set of examples into training and test examples."""

from __future__ import annotations

import torch
from torch import Tensor

from regnet.contracts import Split, Splits


def split_at_random(x: Tensor, y: Tensor, test_share: float, classes: int | None, generator: torch.Generator) -> Splits:
    """The examples in a random order, the last `test_share` of them (at least one) for testing."""
    order = torch.randperm(len(x), generator=generator)
    cut = len(x) - max(1, round(len(x) * test_share))
    train, test = order[:cut], order[cut:]
    return Splits(Split(x[train], y[train]), Split(x[test], y[test]), classes)
