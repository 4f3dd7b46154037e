"""The Brier score: the squared error of the probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class Brier(Metric):
    """``mean(Σ_k (p_k - 1[t = k])²)``; with two classes half of that, which is ``mean((p₁ - t)²)``.

    Source: Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
    """

    takes: ClassVar[Prediction] = "probabilities"
    title: ClassVar[str] = "Brier score"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 2.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        right = torch.zeros_like(prediction, dtype=torch.float64).scatter_(-1, target.unsqueeze(-1), 1.0)
        squares = (prediction.double() - right).square().sum(-1).mean(-1)
        return squares / 2 if prediction.shape[-1] == 2 else squares
