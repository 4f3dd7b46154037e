"""The last line of every optimizer: a step of size lr against a direction."""

from __future__ import annotations

from torch import Tensor


def descend(parameters: Tensor, lr: float | Tensor, direction: Tensor) -> None:
    """``θ ← θ - lr direction``, in place and in one pass; `lr` may be a tensor that broadcasts against `parameters`."""
    if isinstance(lr, Tensor):
        parameters.addcmul_(lr, direction, value=-1)
    else:
        parameters.sub_(direction, alpha=lr)
