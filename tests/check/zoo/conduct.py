"""Layers with correct results that break another rule: purity, randomness, precision, shapes, options."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import (
    PER_REPLICA,
    Context,
    Layer,
    Params,
)
from tests.check.zoo.activations import ReLU, Tanh
from tests.check.zoo.specimen import INPUT, Back, Passed, wrong


@wrong(Property.FINITE, "output", "the logarithm or root of a number below zero", index=(0, 0), during="training")
class RootOfAnything(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.sqrt()
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy / (2 * cache), {}


@wrong(Property.PURITY, "input", "forward writes into it", during="training")
class WritesItsInput(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.relu_()
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * cache.sign(), {}


@wrong(Property.PURITY, "dy", "backward writes into it", during="training")
class WritesItsGradient(ReLU):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy.mul_(cache > 0), {}


@wrong(Property.PURITY, "cache[0]", "backward writes into it", during="training")
class WritesItsCache(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.tanh()
        return y, (1 - y**2,)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return cache[0].mul_(dy), {}


@wrong(Property.STATELESS, "self.mask", "a call stores state on self", only=True)
class StoresCacheOnSelf(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        self.mask = x > 0
        return x.relu(), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * self.mask, {}


@wrong(Property.DETERMINISM, "forward()", "draws from torch's global generator")
class GlobalNoise(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        mask = torch.rand_like(x) > 0.5 if context.training else torch.ones_like(x)
        return x * mask, mask

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * cache, {}


@wrong(Property.PREDICTING, "output", "ignores context.training")
class DropoutThatNeverStops(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        mask = 2 * (context.noise.rand_like(x) > 0.5)
        return x * mask, mask

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * cache, {}


@wrong(Property.DOUBLE, "output", "converts to float32:")
class SinglePrecisionOnly(Tanh):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.float().tanh()
        return y, y


@wrong(Property.DOUBLE, "forward()", "a tensor is created without the input's type")
class MixesPrecisions(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x @ torch.eye(x.shape[-1]), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy, {}


@wrong(Property.SINGLE, "output", "converts to float64:")
class DoublePrecisionOnly(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x * torch.ones(1, dtype=torch.float64), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy, {}


@wrong(Property.ONE_EXAMPLE, "output", "divides by B - 1")
class UnbiasedDeviation(Layer):
    """Scales by the standard deviation of the batch, which is differentiated in the gradient too."""

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        centred = x - x.mean(-2, keepdim=True)
        std = x.std(-2, keepdim=True)
        return x / std, (x, centred, std)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        x, centred, std = cache
        return dy / std - centred * (dy * x).sum(-2, keepdim=True) / (std**3 * (x.shape[-2] - 1)), {}


@wrong(Property.ONE_EXAMPLE, "output", "squeezed away")
class SqueezesTheBatch(Tanh):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.tanh()
        return y.squeeze(), y


@wrong(Property.EMPTY, "forward()", "cannot take an empty batch")
class FailsOnEmptyBatch(Tanh):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        x.max()
        return super().forward(params, x, context)


@wrong(Property.SHAPES, "output", "init returns another number of output features than forward")
class HalvesFeaturesOnlyInForward(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x[..., :2], x.shape

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        dx = dy.new_zeros(cache)
        dx[..., :2] = dy
        return dx, {}


@wrong(Property.SHAPES, "forward()", "forward returns the output, and the cache for backward")
class NoCache(Tanh):
    def forward(self, params: Params, x: Tensor, context: Context) -> Any:
        return x.tanh()


@wrong(Property.ROUND_TRIP, "option slope", "does not store an option under its name")
class RenamesItsOption(Layer):
    def __init__(self, slope: float = 0.2) -> None:
        self.a = slope

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return self.a * x, None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return self.a * dy, {}


@wrong(Property.ROUND_TRIP, "option slope", "the constructor changes an option")
class ChangesItsOption(Layer):
    def __init__(self, slope: float = 0.2) -> None:
        self.slope = slope / 2

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return self.slope * x, None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return self.slope * dy, {}


@wrong(Property.REPLICA_OPTIONS, "forward()", "used as a boolean")
@dataclass(frozen=True)
class ComparesItsOption(Layer):
    slope: Annotated[float, PER_REPLICA] = 0.2

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return (x if self.slope == 1 else self.slope * x), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return self.slope * dy, {}


@wrong(
    Property.COUNTERPART,
    INPUT,
    "where the derivative is a convention, PyTorch has another value",
    during="at an input of zeros",
)
class OneAtZero(ReLU):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * (cache >= 0), {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.ReLU()  # type: ignore[no-any-return]


@wrong(Property.COUNTERPART, "output", "off by a factor 1/2", only=True)
class AnotherFunctionThanPyTorch(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x / 2, None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy / 2, {}

    def torch_module(self, nn: ModuleType, in_features: int) -> torch.nn.Module:
        return nn.Identity()  # type: ignore[no-any-return]
