"""The cross entropy: the usual loss for choosing one of several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Annotated, ClassVar

import torch
from annotated_types import Gt, Interval
from torch import Tensor

from regnet.contracts import Coding, Loss
from regnet.errors import BadOption


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``L = (1/B) Σ_B (log Σ_k exp(y_k) - y_t)`` for logits `y` and the class number `t`.

    With `m` the largest logit it is computed as ``(y_m - y_t) + log(1 + Σ_{k≠m} exp(y_k - y_m))``, of which no part cancels.
    The gradient is ``(softmax(y) - e_t) / B`` with `e_t` 1 at the class and 0 elsewhere: at the class, minus the sum of the others.
    The network's output is the logits: the softmax is part of the loss.

    With weights `w` and smoothing `ε`, and ``l_k = log Σ_j exp(y_j) - y_k``, it is
    ``L = Σ_B ((1 - ε) w_t l_t + (ε/K) Σ_k w_k l_k) / Σ_B w_t``, and the gradient is
    ``((1 - ε) w_t (softmax(y) - e_t) + (ε/K) (softmax(y) Σ_k w_k - w)) / Σ_B w_t``. All weights are 1 if none are given.
    Source of the smoothing: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer
    vision", CVPR 2016, section 7.

    Args:
        label_smoothing: the share ε of each target that is spread evenly over all classes, from 0 to below 1.
        class_weights: the weight of each class, in the order of the class numbers, above 0; the mean over a batch is weighted.
    """

    label_smoothing: Annotated[float, Interval(ge=0, lt=1)] = 0.0
    class_weights: list[Annotated[float, Gt(0)]] | None = None

    codings: ClassVar[tuple[Coding, ...]] = ("index",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        y = prediction.double()
        largest, index = y.max(-1, keepdim=True)
        below = largest - y.gather(-1, target.unsqueeze(-1))
        others = (y - largest).exp().scatter(-1, index, 0.0).sum(-1, keepdim=True)
        losses = (below + others.log1p()).squeeze(-1)
        if self._plain:
            return losses.mean(-1).to(prediction.dtype)
        weights = self._weights(y)
        share, scaled = _shares(weights, target)
        losses = (1 - self.label_smoothing) * share * losses
        if self.label_smoothing:
            every = (largest - y) + others.log1p()
            losses = losses + self.label_smoothing / y.shape[-1] * (scaled * every).sum(-1)
        return losses.sum(-1).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        index = target.unsqueeze(-1)
        softmax = prediction.softmax(-1)
        others = softmax.scatter(-1, index, 0.0)
        slope = others.scatter_add(-1, index, -others.sum(-1, keepdim=True))
        if self._plain:
            return slope / prediction.shape[-2]
        share, scaled = _shares(self._weights(prediction), target)
        slope = (1 - self.label_smoothing) * share.unsqueeze(-1) * slope
        if self.label_smoothing:
            spread = softmax * scaled.sum(-1, keepdim=True) - scaled
            slope = slope + self.label_smoothing / prediction.shape[-1] * spread
        return slope

    def probabilities(self, prediction: Tensor) -> Tensor:
        """``softmax(y)``."""
        return prediction.softmax(-1)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        if self.class_weights is None:
            return nn.CrossEntropyLoss(label_smoothing=self.label_smoothing)  # type: ignore[no-any-return]

        def weighted(prediction: Tensor, target: Tensor) -> Tensor:
            loss = nn.CrossEntropyLoss(self._weights(prediction), label_smoothing=self.label_smoothing)
            return loss(prediction, target)  # type: ignore[no-any-return]

        return weighted

    @property
    def _plain(self) -> bool:
        return self.class_weights is None and not self.label_smoothing

    def _weights(self, y: Tensor) -> Tensor:
        """The weight of each class ``(K,)``, of the type and on the device of the logits.

        Raises:
            BadOption: there is not one weight for each class.
        """
        classes = y.shape[-1]
        if self.class_weights is None:
            return _tensor((1.0,) * classes, y.dtype, y.device)
        if len(self.class_weights) != classes:
            raise BadOption(
                f"loss cross_entropy: class_weights has {len(self.class_weights)} numbers, but there are {classes} classes: "
                "give one weight for each class"
            )
        return _tensor(tuple(self.class_weights), y.dtype, y.device)


@cache
def _tensor(numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # so that autograd can also use it
        return torch.tensor(numbers, dtype=dtype, device=device)


def _shares(weights: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The weights of the targets ``(*R, B)`` and of all classes ``(*R, 1, K)``, both divided by the sum over the targets."""
    own = weights.expand(*target.shape, -1).gather(-1, target.unsqueeze(-1)).squeeze(-1)  # unlike an index, it can be recorded
    total = own.sum(-1, keepdim=True)
    return own / total, weights / total.unsqueeze(-1)
