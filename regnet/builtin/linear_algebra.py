"""Matrix products and sums with an optional replica axis: each uses the call that is fastest for small matrices."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

NARROW = 12
"""The number of columns below which a batched product on the CPU takes up to four times as long as its transpose."""


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """``a @ b`` for ``(*R, M, N)`` and ``(*R, N, P)``."""
    return a.bmm(b) if a.dim() == 3 else a.mm(b)


def affine(bias: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """``a @ b + bias`` for ``(*R, M, N)``, ``(*R, N, P)`` and a bias ``(*R, P)`` added to each row."""
    return bias.unsqueeze(-2).baddbmm(a, b) if a.dim() == 3 else bias.addmm(a, b)


def sum_of_outer_products(a: Tensor, b: Tensor) -> Tensor:
    """``aᵀ b = Σ_n a_n b_nᵀ``, ``(*R, M, P)``, for ``(*R, N, M)`` and ``(*R, N, P)``."""
    if a.dim() == 3 and b.shape[-1] < NARROW <= a.shape[-1]:
        return b.mT.bmm(a).mT
    return matmul(a.mT, b)


def sum_of_rows(a: Tensor) -> Tensor:
    """``Σ_n a_n``, ``(*R, M)``, for ``(*R, N, M)``; without a replica axis as a product with ones, which is faster."""
    return a.sum(-2) if a.dim() == 3 else _row_of_ones(len(a), a.dtype, a.device).mm(a).squeeze(0)


@cache
def _row_of_ones(count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # so that autograd can also use it
        return torch.ones(1, count, dtype=dtype, device=device)
