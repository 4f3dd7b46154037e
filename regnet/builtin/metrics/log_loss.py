"""The log loss, also called cross entropy: the mean negative log-probability of the right classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class LogLoss(Metric):
    """``-mean(log p_t)`` with `p_t` the predicted probability of the right class, in nats.

    Probabilities are clipped to ``[eps, 1 - eps]`` with `eps` the resolution of their type, as in scikit-learn.
    """

    takes: ClassVar[Prediction] = "probabilities"
    title: ClassVar[str] = "log loss"
    smallest: ClassVar[float] = 0.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        edge = torch.finfo(prediction.dtype).eps
        chosen = prediction.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        return -chosen.double().clamp(edge, 1 - edge).log().mean(-1)
