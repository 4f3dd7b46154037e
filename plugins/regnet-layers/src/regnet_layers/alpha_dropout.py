"""Alpha dropout: set random features to SELU's lowest value while training, and keep mean 0 and variance 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Lt
from torch import Tensor

from regnet import PER_REPLICA, Context, Layer, Params, complement

LOWEST = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
"""The limit ``α' = -λ α`` of SELU for ``x → -∞``, with the two constants of SELU."""


@dataclass(frozen=True)
class AlphaDropout(Layer):
    """While training ``y = a (x m + α' (1 - m)) + b`` with `m` 0 with probability `p` and else 1; otherwise ``y = x``.

    Here ``α' = -1.7580…`` is the lowest value of SELU, and with ``q = 1 - p``::

        a = 1 / √(q + α'² q p),    b = -a p α',    dx = dy a m     (*R, B, F)

    These keep the mean at 0 and the variance at 1, as SELU does; use it after that activation.
    There is no PyTorch counterpart, since PyTorch's layer draws from the global generator: under autograd the same `forward`, with
    the same seed's noise, drops the same features.
    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017, section 3.

    Args:
        p: the probability that a feature is dropped, at least 0 and below 1.
    """

    p: Annotated[float, Ge(0), Lt(1), PER_REPLICA] = 0.5

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        if not context.training:
            return x, None
        q = complement(self.p, x.dtype)
        a = 1 / (q + LOWEST**2 * q * self.p).sqrt()
        mask = (context.noise.rand_like(x) >= self.p).to(x.dtype)
        slope = a * mask
        return x * slope + a * LOWEST * ((1 - mask) - self.p), slope  # a product with 0, not a choice, so that NaN stays NaN

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        slope = cache
        return (dy if slope is None else dy * slope), {}
