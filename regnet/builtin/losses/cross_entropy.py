"""The cross entropy: the usual loss for choosing one of several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

from torch import Tensor

from regnet.contracts import Coding, Loss


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``L = (1/B) Σ_B (log Σ_k exp(y_k) - y_t)`` for logits `y` and the class number `t`.

    With `m` the largest logit it is computed as ``(y_m - y_t) + log(1 + Σ_{k≠m} exp(y_k - y_m))``, of which no part cancels.
    The gradient is ``(softmax(y) - e_t) / B`` with `e_t` 1 at the class and 0 elsewhere: at the class, minus the sum of the others.
    The network's output is the logits: the softmax is part of the loss.
    """

    codings: ClassVar[tuple[Coding, ...]] = ("index",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        y = prediction.double()
        largest, index = y.max(-1, keepdim=True)
        below = largest - y.gather(-1, target.unsqueeze(-1))
        others = (y - largest).exp().scatter(-1, index, 0.0).sum(-1, keepdim=True)
        return (below + others.log1p()).squeeze(-1).mean(-1).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        index = target.unsqueeze(-1)
        others = prediction.softmax(-1).scatter(-1, index, 0.0)
        return others.scatter_add(-1, index, -others.sum(-1, keepdim=True)) / prediction.shape[-2]

    def probabilities(self, prediction: Tensor) -> Tensor:
        """``softmax(y)``."""
        return prediction.softmax(-1)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return nn.CrossEntropyLoss()  # type: ignore[no-any-return]
