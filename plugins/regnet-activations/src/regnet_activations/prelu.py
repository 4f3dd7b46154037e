"""The parametric rectifier: the slope of the negative part is learned."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from regnet import Context, Layer, Params


@dataclass(frozen=True)
class PReLU(Layer):
    """``y = max(x, 0) + a min(x, 0)`` with a learned slope `a`, ``(*R, F)`` or one for all features, ``(*R, 1)``.

    With `dy` the loss's gradient at the output::

        dx = dy where x > 0, a dy elsewhere     (*R, B, F)
        da = Σ_B dy min(x, 0)                   (*R, F), or its sum over the features, (*R, 1)

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, section 2.1.

    Args:
        shared: whether all features share one slope (PyTorch's default); if false, each feature has its own.
        slope: the initial value of every slope.
    """

    shared: bool = True
    slope: float = 0.25

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"weight": torch.full((self._slopes(in_features),), self.slope)}, in_features

    def _slopes(self, in_features: int) -> int:
        return 1 if self.shared else in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return torch.where(x > 0, x, params["weight"].unsqueeze(-2) * x), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x = cache
        dx = torch.where(x > 0, dy, params["weight"].unsqueeze(-2) * dy)
        slope = (dy * x.clamp(max=0)).sum(-2)
        return dx, {"weight": slope.sum(-1, keepdim=True) if self.shared else slope}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.PReLU(self._slopes(in_features), init=self.slope)  # type: ignore[no-any-return]
