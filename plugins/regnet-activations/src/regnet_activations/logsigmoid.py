"""The logarithm of the logistic function: a log-probability for each feature, ``-softplus(-x)``."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class LogSigmoid(Layer):
    """``y = log(1 / (1 + e⁻ˣ)) = -log(1 + e⁻ˣ)``, never above 0.

    Its derivative is ``e⁻ˣ / (1 + e⁻ˣ)``, the logistic function of ``-x``. The second form is computed, since the first is the
    logarithm of 0 where `x` is far below 0.
    Source: Goodfellow, Bengio and Courville, "Deep learning", MIT Press 2016, section 3.10.
    """

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return -torch.logaddexp(-x, x.new_zeros(())), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x = cache
        return dy * (-x).sigmoid(), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.LogSigmoid()  # type: ignore[no-any-return]
