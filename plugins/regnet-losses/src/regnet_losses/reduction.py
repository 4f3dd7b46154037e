"""The divisor of a loss, as in regnet's own losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Reduction: TypeAlias = Literal["sum", "mean"]
"""How to combine the outputs of one example; the batch is averaged over in both cases."""


def count(shape: torch.Size, reduction: Reduction) -> int:
    """The divisor of a sum over batch and outputs, for predictions ``(*R, B, K)``: `B` for "sum", ``B K`` for "mean"."""
    batch, outputs = shape[-2:]
    return batch * outputs if reduction == "mean" else batch


def reduced(
    loss: Callable[..., Callable[[Tensor, Tensor], Tensor]], reduction: Reduction, **options: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss class of `torch.nn` with the same reduction: its default for "mean", else its sum divided by the batch size."""
    if reduction == "mean":
        return loss(**options)
    summed = loss(**options, reduction="sum")
    return lambda prediction, target: summed(prediction, target) / prediction.shape[-2]
