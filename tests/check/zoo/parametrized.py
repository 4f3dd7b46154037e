"""Wrong layers with parameters, and the correct one that they are derived from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import (
    Context,
    Layer,
    Params,
)
from tests.check.zoo.activations import Tanh
from tests.check.zoo.specimen import BIAS, GRADIENT, WEIGHT, Back, Passed, wrong


@dataclass(frozen=True)
class Linear(Layer):
    """Correct: the base of wrong components."""

    out_features: int = 3

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        weight = torch.randn(self.out_features, in_features, generator=generator)
        return {"weight": weight, "bias": torch.zeros(self.out_features)}, self.out_features

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x @ params["weight"].mT + params["bias"].unsqueeze(-2), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy @ params["weight"], {"weight": dy.mT @ cache, "bias": dy.sum(-2)}


@wrong(Property.REPLICAS, BIAS, "reduces axis 0 where axis -2 is meant", during="training, replica axis")
class BiasSummedOverAxis0(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"bias": dy.sum(0)}


@wrong(Property.REPLICAS, BIAS, "reduces the replica axis together with the batch", during="training, replica axis")
class BiasSummedOverReplicas(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"bias": dy.flatten(0, -2).sum(0)}


@wrong(Property.REPLICA_SHAPES, "forward()", "give a parameter (*R, F) the batch's axis by unsqueeze(-2)", only=False)
class BiasNotUnsqueezed(Linear):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x @ params["weight"].mT + params["bias"], x


@wrong(GRADIENT, WEIGHT, "transposed", only=False)
class WeightTransposed(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"weight": cache.mT @ dy}


@wrong(GRADIENT, WEIGHT, "transposed", index=(0, 1), only=False)
@dataclass(frozen=True)
class SquareWeightTransposed(WeightTransposed):
    out_features: int = 5


@wrong(GRADIENT, WEIGHT, "off by a factor 2", index=(0, 0), only=False)
class WeightTwice(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"weight": 2 * gradients["weight"]}


@wrong(GRADIENT, WEIGHT, "averaged over the batch twice", index=(0, 0), only=False)
class WeightAveragedTwice(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"weight": gradients["weight"] / dy.shape[-2]}


@wrong(GRADIENT, BIAS, "gradient summed over the batch twice", index=(0,), only=False)
class BiasSummedTwice(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"bias": dy.sum(-2, keepdim=True).expand_as(dy).sum(-2)}


@wrong(GRADIENT, BIAS, "sign flipped", index=(0,), only=False)
class BiasFlipped(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"bias": -gradients["bias"]}


@wrong(GRADIENT, BIAS, "not summed over axis -2", only=False)
class BiasNotSummed(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"bias": dy}


@wrong(GRADIENT, BIAS, "an axis of length 1 too many", only=False)
class BiasKeepsTheBatchAxis(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"bias": dy.sum(-2, keepdim=True)}


@wrong(GRADIENT, WEIGHT, "counts the last example of the batch only", index=(0, 0), only=False)
class WeightOfTheLastExample(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"weight": dy[..., -1:, :].mT @ cache[..., -1:, :]}


@wrong(GRADIENT, WEIGHT, "off by 0.1 times the parameter weight itself", index=(0, 0), only=False)
class WeightDecayInTheLayer(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx, gradients = super().backward(params, cache, dy)
        return dx, gradients | {"weight": gradients["weight"] + 0.1 * params["weight"]}


@wrong(Property.SHAPES, BIAS, "backward returns no gradient for it")
class NoGradientOfBias(Linear):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy @ params["weight"], {"weight": dy.mT @ cache}


@wrong(Property.HALF, WEIGHT, "off by a factor 2", index=(0, 0), only=False)
class GradientsDifferFromBackward(Linear):
    def gradients(self, params: Params, cache: Any, dy: Tensor) -> Params:
        return {"weight": 2 * dy.mT @ cache, "bias": dy.sum(-2)}


@wrong(Property.DETERMINISM, "init()", "draws from torch's global generator")
class GlobalWeights(Linear):
    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        params = {"weight": torch.randn(self.out_features, in_features), "bias": torch.zeros(self.out_features)}
        return params, self.out_features


@wrong(Property.INDEPENDENCE, "weight", "draws from its own generator with a fixed seed")
class FixedWeights(Linear):
    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return super().init(in_features, torch.Generator().manual_seed(42))


@wrong(Property.PURITY, "count", "must be marked as a Buffer", index=(), during="training")
class CountsInAParameter(Tanh):
    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"count": torch.zeros(())}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        if context.training:
            params["count"].data.add_(1)
        return super().forward(params, x, context)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * (1 - cache**2), {"count": torch.zeros_like(params["count"])}
