"""The expected calibration error: the distance between the network's confidence and its accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from regnet.contracts import Metric
from regnet.contracts.metric import Prediction


@dataclass(frozen=True)
class CalibrationError(Metric):
    """``Σ_b n_b / N |accuracy_b - confidence_b|`` over bins b of equal width of the predicted class's probability.

    Args:
        bins: the number of bins for probabilities from 0 to 1.

    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equation (3).
    """

    bins: Annotated[int, Ge(1)] = 15

    takes: ClassVar[Prediction] = "probabilities"
    title: ClassVar[str] = "calibration error"
    smallest: ClassVar[float] = 0.0
    largest: ClassVar[float] = 1.0

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        confidence, answer = prediction.double().max(-1)
        excess = (answer == target).double() - confidence
        bins = (confidence * self.bins).ceil().long().sub(1).clamp(0, self.bins - 1)
        sums = torch.zeros(*bins.shape[:-1], self.bins, dtype=torch.float64, device=bins.device).scatter_add_(-1, bins, excess)
        return sums.abs().sum(-1) / bins.shape[-1]
