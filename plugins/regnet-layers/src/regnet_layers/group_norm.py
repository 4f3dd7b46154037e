"""Group normalization: give each group of an example's features mean 0 and variance 1, then a learned scale and shift."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from regnet import Context, Layer, Params, ShapeError


@dataclass(frozen=True)
class GroupNorm(Layer):
    """``y = w x̂ + b`` with ``x̂ = (x - μ) / σ`` and ``σ² = var(x) + eps``, mean and variance over a group of features.

    The `F` features are divided into groups of neighbours, all of the same size `K`; `w` and `b` have a number for each feature.
    With one group this is layer normalization. With ``g = dy w`` and means over the group::

        dw = Σ_B dy x̂                                      (*R, F)
        db = Σ_B dy                                        (*R, F)
        dx = (g - mean(g) - x̂ mean(g x̂)) / σ               (*R, B, F)

    Deviations are taken from the group's first number, which is exact if all are equal, and in units of a power of two, so that
    neither their sum nor a difference overflows. Where one exceeds 1, they are divided by the largest before they are squared.
    Source: Wu and He, "Group normalization", ECCV 2018.

    Args:
        groups: the number of groups; must divide the number of features, and leave each group at least two.
        eps: added to the variance, above 0.
    """

    groups: Annotated[int, Ge(1)] = 2
    eps: Annotated[float, Gt(0)] = 1e-5

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        if in_features % self.groups or in_features < 2 * self.groups:
            raise ShapeError(
                f"layer group_norm: divides the features into {self.groups} equal groups of at least two (its option `groups`); "
                f"expected a multiple of {self.groups} from {2 * self.groups} on, got {in_features}"
            )
        return {"weight": torch.ones(in_features), "bias": torch.zeros(in_features)}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        groups = self._grouped(x)
        unit = 2.0 ** (groups.shape[-1].bit_length() + 1)  # more than twice the size of a group
        shifted = groups / unit - groups[..., :1] / unit
        deviation = shifted - shifted.mean(-1, keepdim=True)
        largest = deviation.detach().abs().amax(-1, keepdim=True).clamp(min=1 / unit)  # for autograd a constant
        scaled = deviation / largest
        inverse = torch.rsqrt(scaled.square().mean(-1, keepdim=True) + (self.eps**0.5 / unit / largest).square())
        normal = scaled * inverse
        y = normal.flatten(-2) * params["weight"].unsqueeze(-2) + params["bias"].unsqueeze(-2)
        return y, (normal, inverse / largest / unit)

    def _grouped(self, x: Tensor) -> Tensor:
        """The features ``(*R, B, F)`` by group, ``(*R, B, groups, K)``."""
        groups: Tensor = x.unflatten(-1, (self.groups, x.shape[-1] // self.groups))
        return groups

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        normal, inverse = cache
        g = self._grouped(dy * params["weight"].unsqueeze(-2))
        dx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) * inverse
        return dx.flatten(-2), {"weight": (dy * normal.flatten(-2)).sum(-2), "bias": dy.sum(-2)}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.GroupNorm(self.groups, in_features, eps=self.eps)  # type: ignore[no-any-return]
