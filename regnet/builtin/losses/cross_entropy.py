"""The cross entropy: the usual loss for choosing one of several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import torch
from torch import Tensor

from regnet.contracts import Coding, Loss


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``L = (1/B) Σ_B (log Σ_k exp(y_k) - y_t)`` for logits `y` and the class number `t`.

    The gradient is ``(softmax(y) - e_t) / B`` with `e_t` 1 at the class and 0 elsewhere. The network's output is the logits:
    the softmax is part of the loss.
    """

    codings: ClassVar[tuple[Coding, ...]] = ("index",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        chosen = prediction.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        return (prediction.logsumexp(-1) - chosen).mean(-1)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        batch = prediction.shape[-2]
        minus_one = torch.full_like(target, -1, dtype=prediction.dtype).unsqueeze(-1)
        return prediction.softmax(-1).scatter_add(-1, target.unsqueeze(-1), minus_one) / batch

    def probabilities(self, prediction: Tensor) -> Tensor:
        """``softmax(y)``."""
        return prediction.softmax(-1)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        return nn.CrossEntropyLoss()  # type: ignore[no-any-return]
