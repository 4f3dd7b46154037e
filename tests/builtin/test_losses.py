"""The losses of regnet stay finite for outputs of any size, which the contract does not require."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from regnet.registry.catalog import Entry
from tests.builtin.cases import build, entries

SIGNS = torch.tensor([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0], [0.0, 1.0, -1.0]])


@pytest.mark.parametrize("size", [100.0, 1e4])
@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("loss")])
def test_large_outputs_stay_finite(entry: Entry, size: float) -> None:
    """Written naively, a cross entropy overflows in single precision when an output is beyond 88."""
    loss: Any = build(entry)
    target = torch.tensor([0, 1, 2, 0])
    if "index" not in loss.codings:
        target = torch.nn.functional.one_hot(target, 3).float()  # type: ignore[assignment]
    assert loss.forward(size * SIGNS, target).isfinite()
    assert loss.backward(size * SIGNS, target).isfinite().all()
