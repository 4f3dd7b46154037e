"""The Kullback-Leibler divergence: how far the softmax of the outputs is from the distribution that the target gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, ClassVar

import torch
from annotated_types import Interval
from torch import Tensor

from regnet import Coding, Loss
from regnet_losses.logits import log_softmax


@dataclass(frozen=True)
class KL(Loss):
    """``L = (1/B) Σ_B Σ_K t log(t / p)`` with ``p = softmax(y)`` for logits `y` and targets `t`, after they are smoothed.

    A smoothed target is ``(1 - ε) t + ε/K``. For one-hot targets the loss is the cross entropy less the entropy of the target, so
    without smoothing it is the cross entropy. It is 0 if ``p = t``, and has the gradient ``(p Σ_K t - t) / B``.

    With ``d = log(p / t)`` it is computed as ``Σ_K t (eᵈ - 1 - d)``, plus p where t is 0: the sum of ``p - t`` is 0, and with it no
    term is below 0. So the loss has its digits also where `p` is close to `t`: 6 of them down to a loss of about 1e-17. If targets
    do not sum to 1, their sum less 1 is added.
    Source: Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22, 1951; for the smoothing
    Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer vision", CVPR 2016.

    Args:
        label_smoothing: the share ε of each target that is spread evenly over all classes, from 0 to below 1.
    """

    label_smoothing: Annotated[float, Interval(ge=0, lt=1)] = 0.0

    codings: ClassVar[tuple[Coding, ...]] = ("one_hot",)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        log_p, t = log_softmax(prediction), self._smoothed(target.double())
        present = t > 0
        d = log_p - torch.where(present, t, 1.0).log()
        terms = torch.where(present, t * (d.expm1() - d), log_p.exp())
        excess = (1 - self.label_smoothing) * (target.double().sum(-1) - 1)
        return (terms.sum(-1) + excess).mean(-1).to(prediction.dtype)

    def backward(self, prediction: Tensor, target: Tensor) -> Tensor:
        log_p, t = log_softmax(prediction), self._smoothed(target.double())
        slope = log_p.exp() * (t.sum(-1, keepdim=True) - t) + t * log_p.expm1()  # p Σ t - t, and exact where p is close to 1
        return (slope / prediction.shape[-2]).to(prediction.dtype)

    def probabilities(self, prediction: Tensor) -> Tensor:
        """``softmax(y)``."""
        return prediction.softmax(-1)

    def torch_loss(self, nn: ModuleType) -> Callable[[Tensor, Tensor], Tensor]:
        divergence, log = nn.KLDivLoss(reduction="batchmean"), nn.LogSoftmax(-1)
        return lambda prediction, target: divergence(log(prediction), self._smoothed(target))

    def _smoothed(self, target: Tensor) -> Tensor:
        return (1 - self.label_smoothing) * target + self.label_smoothing / target.shape[-1]
