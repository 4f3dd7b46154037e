"""The logarithm of the softmax, without cancellation."""

from __future__ import annotations

from torch import Tensor


def log_softmax(prediction: Tensor) -> Tensor:
    """``log softmax(y)`` for logits ``(*R, B, K)``, in double precision.

    With `m` the largest logit it is ``-((y_m - y_k) + log(1 + Σ_{j≠m} exp(y_j - y_m)))``, a sum of two numbers that are never below
    0, so that it has all digits also where it is close to 0. `torch.log_softmax` gives 0 there.
    """
    y = prediction.double()
    largest, index = y.max(-1, keepdim=True)
    others = (y - largest).exp().scatter(-1, index, 0.0).sum(-1, keepdim=True)
    return -((largest - y) + others.log1p())
