"""Errors of invalid samples."""

from __future__ import annotations

import numpy as np
import pytest

from regnet.errors import RegnetError
from regnet.stats import Sample, SampleError


def test_repeated_seed_is_an_error() -> None:
    with pytest.raises(SampleError, match=r"study 'adam': seed 3 is there more than once; .* give each seed once"):
        Sample("adam", [1, 3, 3], [0.1, 0.2, 0.2])


def test_seed_with_a_value_and_a_failure_is_an_error() -> None:
    with pytest.raises(SampleError, match="seed 3 is there more than once"):
        Sample("adam", [1, 3], [0.1, 0.2], {3: "the loss is NaN"})


def test_epochs_are_an_error() -> None:
    with pytest.raises(SampleError, match=r"for each of its 2 seeds, got values of shape \(2, 200\); the epochs of a run"):
        Sample("adam", [1, 2], np.zeros((2, 200)))


def test_nan_is_an_error() -> None:
    with pytest.raises(SampleError, match="study 'adam': seed 2 has no finite value; give it among the failures"):
        Sample("adam", [1, 2], [0.1, float("nan")])


def test_errors_are_user_errors() -> None:
    assert issubclass(SampleError, RegnetError)
