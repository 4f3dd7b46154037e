"""The divisor of a loss: the choice that halved the steps of the paper's baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from regnet.contracts.arithmetic import constant

Reduction: TypeAlias = Literal["sum", "mean"]
"""How to combine the outputs of one example; the batch is averaged over in both cases."""


def count(shape: torch.Size, reduction: Reduction) -> int:
    """The divisor of a sum over batch and outputs, for predictions ``(*R, B, K)``: `B` for "sum", ``B K`` for "mean"."""
    batch, outputs = shape[-2:]
    return batch * outputs if reduction == "mean" else batch


def share(factor: float, shape: torch.Size, reduction: Reduction, dtype: torch.dtype) -> Tensor:
    """``factor / count`` as a tensor without dimensions."""
    return constant(factor / count(shape, reduction), dtype)


def reduced(
    loss: Callable[..., Callable[[Tensor, Tensor], Tensor]], reduction: Reduction, **options: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss class of `torch.nn` with the same reduction: its default for "mean", else its sum divided by the batch size."""
    if reduction == "mean":
        return loss(**options)
    summed = loss(**options, reduction="sum")
    return lambda prediction, target: summed(prediction, target) / prediction.shape[-2]
