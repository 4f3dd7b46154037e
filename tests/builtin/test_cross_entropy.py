"""The options of cross entropy: values against mpmath, and errors."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from torch import nn

from regnet.builtin.losses.cross_entropy import CrossEntropy
from regnet.errors import BadOption
from tests.builtin.test_exactness import LARGEST, LOGITS, SMALLEST, cross_entropy


@pytest.mark.parametrize("smoothing", [0.0, 1e-9, 0.1, 0.9])
@pytest.mark.parametrize("weights", [None, [3.0, 1.0, 0.2], [1e-20, 1.0, 1e20]])
@settings(max_examples=100, deadline=None)
@given(batch=st.lists(st.tuples(LOGITS, st.integers(0, 2)), min_size=1, max_size=3))
def test_cross_entropy_with_options(smoothing: float, weights: list[float] | None, batch: list[tuple[list[float], int]]) -> None:
    e, w = mpf(smoothing), [mpf(weight) for weight in weights or [1.0] * 3]
    total = mpf(0)
    for y, t in batch:
        spread = sum(weight * cross_entropy(y, place) for place, weight in enumerate(w)) / 3
        total += (1 - e) * w[t] * cross_entropy(y, t) + e * spread
    expected = total / sum(w[t] for _, t in batch)
    loss, target = CrossEntropy(smoothing, weights), torch.tensor([t for _, t in batch])
    for dtype in (torch.float32, torch.float64):
        got = loss.forward(torch.tensor([y for y, _ in batch], dtype=dtype), target)
        assert got.dtype == dtype
        if SMALLEST < expected < LARGEST:
            assert abs(mpf(got.item()) - expected) <= 1e-6 * expected
        elif expected <= SMALLEST:
            assert got.item() <= SMALLEST * 1.001
        else:
            assert got.item() > LARGEST * 0.999


@pytest.mark.parametrize("weights", [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0], []])
def test_number_of_class_weights(weights: list[float]) -> None:
    loss, prediction, target = CrossEntropy(class_weights=weights), torch.zeros(5, 3), torch.zeros(5, dtype=torch.long)
    for call in (loss.forward, loss.backward, loss.torch_loss(nn)):
        with pytest.raises(BadOption, match=f"class_weights has {len(weights)} numbers, but there are 3 classes") as caught:
            call(prediction, target)
        assert "\n" not in str(caught.value)


def test_default_options_change_nothing() -> None:
    """Smoothing 0 and equal weights give the plain loss."""
    prediction, target = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0)), torch.arange(36).view(4, 9) % 5
    plain, equal = CrossEntropy(), CrossEntropy(class_weights=[2.0] * 5)
    torch.testing.assert_close(equal.forward(prediction, target), plain.forward(prediction, target))
    torch.testing.assert_close(equal.backward(prediction, target), plain.backward(prediction, target))
