"""The log loss: how improbable the network holds the right answers, also called the cross entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class LogLoss(Metric):
    """``-mean(log p_t)`` with p the probability given to the right class, in nats.

    Probabilities are kept off 0 and 1 by the resolution of their type, as scikit-learn does.
    """

    takes: ClassVar[Prediction] = "probabilities"
    title: ClassVar[str] = "log loss"
    smallest: ClassVar[float] = 0.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        edge = torch.finfo(prediction.dtype).eps
        chosen = prediction.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        return -chosen.double().clamp(edge, 1 - edge).log().mean(-1)
