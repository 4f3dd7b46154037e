"""Arithmetic with options that rounds in the same way whether an option is a number or a tensor with one for each replica."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor


@cache
def constant(value: float, dtype: torch.dtype) -> Tensor:
    """The number as a tensor without dimensions, cached: torch takes longer to convert a Python number than to multiply."""
    with torch.inference_mode(False):  # so that autograd can also use it
        return torch.tensor(value, dtype=dtype)


def complement(share: float | Tensor, dtype: torch.dtype) -> Tensor:
    """``1 - share``, computed in `dtype`: with Python numbers it would be more precise, so the result would differ."""
    return 1 - (share if isinstance(share, Tensor) else constant(share, dtype))


def descend(parameters: Tensor, lr: float | Tensor, direction: Tensor) -> None:
    """``θ ← θ - lr direction``, in place and in one pass; `lr` may be a tensor that broadcasts against `parameters`."""
    if isinstance(lr, Tensor):
        parameters.addcmul_(lr, direction, value=-1)
    else:
        parameters.sub_(direction, alpha=lr)
