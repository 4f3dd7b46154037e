"""Arithmetic with numeric options, which rounds alike whether an option is a number or a tensor with one for each replica."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor


@cache
def constant(value: float, dtype: torch.dtype) -> Tensor:
    """The number as a tensor of no dimension, made once: torch takes longer to convert a Python number than to multiply."""
    with torch.inference_mode(False):  # so that it can also take part where autograd looks on
        return torch.tensor(value, dtype=dtype)


def complement(share: float | Tensor, dtype: torch.dtype) -> Tensor:
    """``1 - share``, computed in `dtype`: a Python number would be more precise, and so not quite the same."""
    return 1 - (share if isinstance(share, Tensor) else constant(share, dtype))


def descend(parameters: Tensor, lr: float | Tensor, direction: Tensor) -> None:
    """``θ ← θ - lr direction``, in place and in one pass; `lr` may be a tensor that broadcasts against `parameters`."""
    if isinstance(lr, Tensor):
        parameters.addcmul_(lr, direction, value=-1)
    else:
        parameters.sub_(direction, alpha=lr)
