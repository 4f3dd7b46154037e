"""What the tests of training share."""

from __future__ import annotations

import pytest


@pytest.fixture
def small_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use several processes even for short trainings."""
    monkeypatch.setattr("regnet.training.lockstep.WORTHWHILE", 1e-9)
    monkeypatch.setattr("regnet.training.lockstep.FEW", 1)
