"""What the tests of several studies share: small studies, and training them together or alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from regnet.events import Event
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_study, run_together
from tests.training.test_loop import Witness

SMALL = ("dataset.train_size=60", "dataset.test_size=40", "epochs=3", "model.hidden=[6]")

processes = pytest.mark.parametrize("workers", [1, 2])


class Observer(Witness):
    """Records all events."""

    def __init__(self, **stop: Any) -> None:
        super().__init__(**stop)
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


def train(studies: Sequence[Study], workers: int = 1, observer: Observer | None = None) -> list[StudyResult]:
    outcomes = dict(run_together(studies, observer or Observer(), workers))
    assert outcomes.keys() == set(range(len(studies)))
    results = []
    for _, outcome in sorted(outcomes.items()):
        assert not isinstance(outcome, Exception), outcome
        results.append(outcome)
    return results


def alone(study: Study, observer: Observer) -> StudyResult:
    """Train the study separately, in this process."""
    return run_study(replace(study, workers=1), observer)


def assert_same(first: StudyResult, second: StudyResult, *, exactly: bool) -> None:
    tolerance = 0 if exactly else 2e-6
    assert (first.seeds, first.name, first.identity, first.config) == (second.seeds, second.name, second.identity, second.config)
    assert first.failures == second.failures
    assert first.stopped == second.stopped
    assert first.history.keys() == second.history.keys()
    for metric, values in first.history.items():
        np.testing.assert_allclose(second.history[metric], values, rtol=tolerance, atol=tolerance)
    for ours, theirs in zip(first.networks, second.networks, strict=True):
        assert ours.network == theirs.network
        for name, weight in ours.weights.items():
            torch.testing.assert_close(theirs.weights[name], weight, rtol=tolerance, atol=tolerance, equal_nan=True)
