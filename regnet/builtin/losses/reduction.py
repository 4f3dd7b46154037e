"""What a loss divides by: the one choice that halved the report's baseline's steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Reduction: TypeAlias = Literal["sum", "mean"]
"""How the outputs of one example are put together; the batch is averaged over either way."""


def count(shape: torch.Size, reduction: Reduction) -> int:
    """What a sum over batch and outputs is divided by, for predictions ``(*R, B, K)``: `B` for "sum", ``B K`` for "mean"."""
    batch, outputs = shape[-2:]
    return batch * outputs if reduction == "mean" else batch


@cache
def share(factor: float, shape: torch.Size, reduction: Reduction, dtype: torch.dtype) -> Tensor:
    """``factor / count`` as a tensor of no dimension, made once: torch takes longer to convert a Python number than to multiply."""
    with torch.inference_mode(False):  # so that it can also take part where autograd looks on
        return torch.tensor(factor / count(shape, reduction), dtype=dtype)


def reduced(
    loss: Callable[..., Callable[[Tensor, Tensor], Tensor]], reduction: Reduction, **options: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss class of `torch.nn` under the same reduction: its own default for "mean", else its sum over the batch size."""
    if reduction == "mean":
        return loss(**options)
    summed = loss(**options, reduction="sum")
    return lambda prediction, target: summed(prediction, target) / prediction.shape[-2]
