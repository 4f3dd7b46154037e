"""The share of features that dropout sets to zero, which the conformance check does not test."""

from __future__ import annotations

import pytest
import torch

from regnet.builtin.layers.dropout import Dropout
from regnet.contracts import Context
from regnet.rng import Noise


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_share_of_dropped_features(p: float) -> None:
    """Of 40,000 features the dropped share is within five standard deviations of `p`; the others are scaled by 1 / (1 - p)."""
    x = torch.ones(200, 200)
    y, _ = Dropout(p).forward({}, x, Context(training=True, noise=Noise([7], replica_axis=False)))
    silenced = (y == 0).double().mean().item()
    assert abs(silenced - p) < 5 * (p * (1 - p) / x.numel()) ** 0.5
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / (1 - p)]))
