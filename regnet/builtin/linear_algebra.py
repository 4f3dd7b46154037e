"""Matrix products with an optional replica axis: the specific call for two or three dimensions is quicker than `@`."""

from __future__ import annotations

import torch
from torch import Tensor


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """``a @ b`` for ``(*R, M, N)`` and ``(*R, N, P)``."""
    return torch.bmm(a, b) if a.dim() == 3 else torch.mm(a, b)


def affine(bias: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """``a @ b + bias`` for ``(*R, M, N)``, ``(*R, N, P)`` and a bias ``(*R, P)`` added to each row."""
    return torch.baddbmm(bias.unsqueeze(-2), a, b) if a.dim() == 3 else torch.addmm(bias, a, b)
