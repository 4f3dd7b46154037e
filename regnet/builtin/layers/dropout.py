"""Dropout: set random features to zero while training, so that the network does not depend on single features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Lt
from torch import Tensor

from regnet.contracts import PER_REPLICA, Context, Layer, Params, complement


@dataclass(frozen=True)
class Dropout(Layer):
    """While training ``y = x m / (1 - p)`` with `m` 0 with probability `p` and else 1; otherwise ``y = x``.

    The factor preserves the expected value of each feature. The gradient is ``dx = dy m / (1 - p)``.
    There is no PyTorch counterpart, since PyTorch's dropout draws from the global generator: under autograd the same `forward`,
    with the same seed's noise, drops the same features.
    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.

    Args:
        p: the probability that a feature is set to zero, at least 0 and below 1.
    """

    p: Annotated[float, Ge(0), Lt(1), PER_REPLICA] = 0.5

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        if not context.training:
            return x, None
        mask = (context.noise.rand_like(x) >= self.p).to(x.dtype) / complement(self.p, x.dtype)
        return x * mask, mask

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        mask = cache
        return (dy if mask is None else dy * mask), {}
