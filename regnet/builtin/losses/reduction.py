"""What a loss divides by: the one choice that halved the paper's baseline's steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from regnet.contracts.arithmetic import constant

Reduction: TypeAlias = Literal["sum", "mean"]
"""How the outputs of one example are put together; the batch is averaged over either way."""


def count(shape: torch.Size, reduction: Reduction) -> int:
    """What a sum over batch and outputs is divided by, for predictions ``(*R, B, K)``: `B` for "sum", ``B K`` for "mean"."""
    batch, outputs = shape[-2:]
    return batch * outputs if reduction == "mean" else batch


def share(factor: float, shape: torch.Size, reduction: Reduction, dtype: torch.dtype) -> Tensor:
    """``factor / count`` as a tensor of no dimension."""
    return constant(factor / count(shape, reduction), dtype)


def reduced(
    loss: Callable[..., Callable[[Tensor, Tensor], Tensor]], reduction: Reduction, **options: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss class of `torch.nn` under the same reduction: its own default for "mean", else its sum over the batch size."""
    if reduction == "mean":
        return loss(**options)
    summed = loss(**options, reduction="sum")
    return lambda prediction, target: summed(prediction, target) / prediction.shape[-2]
