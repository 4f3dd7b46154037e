"""What is no sample is refused, and says why."""

from __future__ import annotations

import numpy as np
import pytest

from regnet.errors import RegnetError
from regnet.stats import Sample, SampleError


def test_a_seed_is_no_sample_twice() -> None:
    with pytest.raises(SampleError, match=r"study 'adam': seed 3 is there more than once; .* give each seed once"):
        Sample("adam", [1, 3, 3], [0.1, 0.2, 0.2])


def test_a_seed_has_not_both_failed_and_a_value() -> None:
    with pytest.raises(SampleError, match="seed 3 is there more than once"):
        Sample("adam", [1, 3], [0.1, 0.2], {3: "the loss is not a number"})


def test_epochs_are_no_samples() -> None:
    with pytest.raises(SampleError, match=r"for each of its 2 seeds, got values of shape \(2, 200\); the epochs of a run"):
        Sample("adam", [1, 2], np.zeros((2, 200)))


def test_a_value_that_is_no_number_is_a_failure() -> None:
    with pytest.raises(SampleError, match="study 'adam': seed 2 has no finite value; give it among the failures"):
        Sample("adam", [1, 2], [0.1, float("nan")])


def test_its_errors_are_the_users_to_fix() -> None:
    assert issubclass(SampleError, RegnetError)
