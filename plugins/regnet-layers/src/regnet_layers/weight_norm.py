"""Weight normalization: a linear layer that learns the length and the direction of each output's weights separately."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor

from regnet import BadOption, Context, Initializer, Layer, Params


@dataclass(frozen=True)
class Default(Initializer):
    """``W ~ N(0, 2 / F_out)`` as with `he_fan_out`, the default of a linear layer; the bias is zero."""

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features, generator=generator) * math.sqrt(2 / out_features)


@dataclass(frozen=True)
class WeightNorm(Layer):
    """``y = x Wᵀ + b`` with row `i` of `W` equal to ``g_i e_i``, where ``e_i = v_i / ||v_i||``.

    With `dy` the loss's gradient at the output and ``dW = dyᵀ x``, that of the weights if they were free::

        dg = Σ_j dW e                       (*R, F_out)
        dv = g (dW - dg e) / ||v||          (*R, F_out, F_in)
        db = Σ_B dy                         (*R, F_out)
        dx = dy W                           (*R, B, F_in)

    Since `dv` is orthogonal to `v`, gradient descent only lengthens `v`, which shortens later steps.
    At the start `v` is what the initializer draws and ``g = ||v||``, so that the layer starts as a linear layer does. There is no
    PyTorch counterpart, since that keeps its parameters in an inner module; under autograd `forward` computes the same.
    Source: Salimans and Kingma, "Weight normalization: a simple reparameterization to accelerate training of deep neural
    networks", NIPS 2016, without its initialization from the data.

    Args:
        out_features: the number of output features.
        bias: whether `b` is added.
        initializer: draws `v` and `b`; none stands for `he_fan_out`, the default of a linear layer.
    """

    out_features: Annotated[int, Ge(1)]
    bias: bool = True
    initializer: Initializer | None = None

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        initializer = self.initializer or Default()
        v = initializer.weight(self.out_features, in_features, generator)
        if not v.any(-1).all():
            raise BadOption("layer weight_norm: its initializer draws weights that are all zero, which have no direction")
        _, length = _directions(v)
        params = {"g": length.squeeze(-1), "v": v}
        if self.bias:
            params["bias"] = initializer.bias(self.out_features, in_features, generator)
        return params, self.out_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        e, length = _directions(params["v"])
        weight = params["g"].unsqueeze(-1) * e
        y = x @ weight.mT
        return (y + params["bias"].unsqueeze(-2) if self.bias else y), (x, weight, e, length)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        _, weight, _, _ = cache
        return dy @ weight, self.gradients(params, cache, dy)

    def gradients(self, params: Params, cache: Any, dy: Tensor) -> Params:
        x, _, e, length = cache
        free = dy.mT @ x
        g = (free * e).sum(-1, keepdim=True)
        v = params["g"].unsqueeze(-1) * (free - g * e) / length
        found = {"g": g.squeeze(-1), "v": v}
        return found | {"bias": dy.sum(-2)} if self.bias else found


def _directions(v: Tensor) -> tuple[Tensor, Tensor]:
    """Each row ``v / ||v||``, and the lengths as a column; a row is divided by its largest number before it is squared."""
    largest = v.detach().abs().amax(-1, keepdim=True)  # a constant for autograd, since neither result depends on it
    scaled = v / largest
    length = scaled.square().sum(-1, keepdim=True).sqrt()
    return scaled / length, length * largest
