"""Orthogonal initialization: the layer starts as a rotation, so that it keeps the length of what passes through it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from regnet.contracts import PER_REPLICA, Initializer


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """``W = gain Q`` with ``Qᵀ Q = 1``, or ``Q Qᵀ = 1`` if there are fewer outputs than inputs; the bias is zero.

    `Q` is uniform among these matrices: it is the factor of ``A = Q R`` for a matrix `A` of standard normal numbers, where `R` is
    triangular with a positive diagonal. Without that condition the signs would depend on the routine that computes `Q`.
    A weight's standard deviation is ``gain / √max(F_in, F_out)``.
    Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
    ICLR 2014.

    Args:
        gain: the factor by which the layer changes lengths at the start, above 0.
    """

    gain: Annotated[float, Gt(0), PER_REPLICA] = 1.0

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        long, short = max(out_features, in_features), min(out_features, in_features)
        normal = torch.randn(long, short, generator=generator)
        q, r = torch.linalg.qr(normal.double())
        q = torch.where(r.diagonal() < 0, -q, q).to(normal)
        return (q if out_features >= in_features else q.T.contiguous()) * self.gain

    def std(self, out_features: int, in_features: int) -> float:
        return self.gain / math.sqrt(max(out_features, in_features))
