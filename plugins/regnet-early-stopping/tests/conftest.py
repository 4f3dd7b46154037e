"""What every test may ask for: one thread, and early stopping switched on for the trainings of a test."""

from __future__ import annotations

import pytest
import torch
from training import VARIABLE


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the variable says where the tests are run."""
    monkeypatch.delenv(VARIABLE, raising=False)
