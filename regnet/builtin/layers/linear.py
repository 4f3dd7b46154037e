"""The fully connected layer, which has nearly all of a network's parameters and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor

from regnet.builtin.initializers.he_fan_out import HeFanOut
from regnet.builtin.linear_algebra import affine, matmul, sum_of_outer_products, sum_of_rows
from regnet.contracts import Context, Initializer, Layer, Params


@dataclass(frozen=True)
class Linear(Layer):
    """An affine map of the features: ``y = x Wᵀ + b``, the paper's equation (1).

    With `dy` the loss's gradient at the output, the chain rule gives the paper's (12) to (14), summed over the batch::

        dW = dyᵀ x        (*R, F_out, F_in)
        db = Σ_B dy       (*R, F_out)
        dx = dy W         (*R, B, F_in)

    Args:
        out_features: the number of output features.
        bias: whether `b` is added.
        initializer: draws `W` and `b`.
    """

    out_features: Annotated[int, Ge(1)]
    bias: bool = True
    initializer: Initializer = HeFanOut()

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        params = {"weight": self.initializer.weight(self.out_features, in_features, generator)}
        if self.bias:
            params["bias"] = self.initializer.bias(self.out_features, in_features, generator)
        return params, self.out_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        if self.bias:
            return affine(params["bias"], x, params["weight"].mT), x
        return matmul(x, params["weight"].mT), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return matmul(dy, params["weight"]), self.gradients(params, cache, dy)

    def gradients(self, params: Params, cache: Any, dy: Tensor) -> Params:
        weight = sum_of_outer_products(dy, cache)
        return {"weight": weight, "bias": sum_of_rows(dy)} if self.bias else {"weight": weight}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Linear(in_features, self.out_features, bias=self.bias)  # type: ignore[no-any-return]
