"""Matrix products with an optional replica axis: the specific call for two or three dimensions is quicker than `@`."""

from __future__ import annotations

from torch import Tensor


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """``a @ b`` for ``(*R, M, N)`` and ``(*R, N, P)``."""
    return a.bmm(b) if a.dim() == 3 else a.mm(b)


def affine(bias: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """``a @ b + bias`` for ``(*R, M, N)``, ``(*R, N, P)`` and a bias ``(*R, P)`` added to each row."""
    return bias.unsqueeze(-2).baddbmm(a, b) if a.dim() == 3 else bias.addmm(a, b)
