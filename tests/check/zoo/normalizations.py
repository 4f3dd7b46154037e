"""Wrong normalizations, over the features and over the batch, and the correct ones that they are derived from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from regnet.builtin.layers.batch_norm import BatchNorm as RegnetBatchNorm
from regnet.check import Property
from regnet.contracts import (
    Buffer,
    Context,
    Layer,
    Params,
)
from tests.check.zoo.specimen import GRADIENT, INPUT, Back, Passed, wrong


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Correct: the base of wrong components."""

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        inverse = torch.rsqrt(variance + 1e-5)
        normal = (x - mean) * inverse
        return normal, (normal, inverse)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        normal, inverse = cache
        return (dy - dy.mean(-1, keepdim=True) - normal * (dy * normal).mean(-1, keepdim=True)) * inverse, {}


@wrong(GRADIENT, INPUT, "a sum or mean over the features is missing or wrong: off by a multiple of the centred input", only=False)
class LayerNormWithoutLastTerm(LayerNorm):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        _, inverse = cache
        return (dy - dy.mean(-1, keepdim=True)) * inverse, {}


@wrong(GRADIENT, INPUT, "a sum or mean over the features is missing or wrong: off by a multiple of a constant", only=False)
class LayerNormWithoutMean(LayerNorm):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        normal, inverse = cache
        return (dy - normal * (dy * normal).mean(-1, keepdim=True)) * inverse, {}


@wrong(GRADIENT, INPUT, "terms with the mean and the deviation over the features are missing", only=False)
class LayerNormWithLinearGradient(LayerNorm):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * cache[1], {}


class BatchNorm(Layer):
    """Correct: the base of wrong components."""

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"mean": Buffer(torch.zeros(in_features))}, in_features

    def centre(self, x: Tensor) -> Tensor:
        return x.mean(-2, keepdim=True)

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        centre = self.centre(x) if context.training else params["mean"].unsqueeze(-2)
        if context.training:
            params["mean"].lerp_(x.detach().mean(-2), 0.1)
        return x - centre, context.training

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return (dy - self.centre(dy) if cache else dy), {}


@wrong(
    Property.REPLICAS,
    "output",
    "reduces the replica axis together with the batch",
    index=(0, 0, 0),
    during="training, replica axis",
)
class BatchNormAcrossReplicas(BatchNorm):
    def centre(self, x: Tensor) -> Tensor:
        return x.mean(tuple(range(x.dim() - 1)), keepdim=True)


@wrong(Property.REPLICAS, "output", "reduces axis 0 where axis -2 is meant", index=(0, 0, 0), during="training, replica axis")
class BatchNormOverAxis0(BatchNorm):
    def centre(self, x: Tensor) -> Tensor:
        return x.mean(0, keepdim=True)


@wrong(Property.PURITY, "mean", "changes a buffer while predicting", index=(0,), during="predicting")
class BatchNormThatLearnsWhilePredicting(BatchNorm):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x - self.centre(x) if context.training else x - params["mean"].unsqueeze(-2)
        params["mean"].lerp_(x.detach().mean(-2), 0.1)
        return y, context.training


@wrong(Property.COUNTERPART, "smallest_batch", "PyTorch's module needs more examples")
class BatchNormOfOneExample(RegnetBatchNorm):
    smallest_batch: ClassVar[int] = 1

    def _update_statistics(self, params: Params, mean: Tensor, variance: Tensor, batch: int) -> None:
        super()._update_statistics(params, mean, variance, max(batch, 2))
