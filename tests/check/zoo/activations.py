"""Layers without parameters whose derivative is wrong, and the correct layers that they are derived from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import (
    Context,
    Layer,
    Params,
)
from tests.check.zoo.specimen import GRADIENT, INPUT, Back, Passed, wrong


class ReLU(Layer):
    """Correct: the base of wrong components."""

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x.relu(), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * (cache > 0), {}


class Tanh(Layer):
    """Correct: the base of wrong components."""

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.tanh()
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * (1 - cache**2), {}


@wrong(Property.NAN, "output", "a comparison with NaN is false", during="training, an example with a NaN")
class ReluWithoutNan(ReLU):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return torch.where(x > 0, x, 0.0), x


@wrong(GRADIENT, INPUT, "equals dy, as if the layer were the identity: the derivative of forward is missing", only=False)
class ReluWithoutMask(ReLU):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy, {}


@wrong(GRADIENT, INPUT, "computes dy · (1 - y), where dy · (1 - y²) is right", only=False)
class TanhNotSquared(Tanh):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * (1 - cache), {}


@wrong(GRADIENT, INPUT, "wrong only where the input is negative, and there off by a factor 1/2", only=False)
class LeakyWithAnotherSlope(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return torch.where(x > 0, x, 0.2 * x), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return torch.where(cache > 0, dy, 0.1 * dy), {}


@wrong(GRADIENT, INPUT, "takes the derivative at the output y instead of at the input x", only=False)
class SineAtItsOutput(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x.sin(), x.sin()

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * cache.cos(), {}


@wrong(GRADIENT, INPUT, "all zeros", only=False)
class NoGradient(Tanh):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return torch.zeros_like(dy), {}


@wrong(GRADIENT, INPUT, "dy is missing as a term", only=False)
class ResidualWithoutShortcut(Tanh):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.tanh()
        return x + y, y


@wrong(GRADIENT, INPUT, "missing or wrong: off by a multiple of the output for each example", only=False)
class SoftmaxWithoutSum(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        y = x.softmax(-1)
        return y, y

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return cache * dy, {}


@wrong(GRADIENT, INPUT, "right up to a relative error of", only=False)
class TanhInSinglePrecision(Tanh):
    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy * (1 - cache.float() ** 2), {}


@wrong(GRADIENT, INPUT, "in reverse order along axis -1", only=False)
class NotFlippedBack(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return 2 * x.flip(-1), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return 2 * dy, {}


@wrong(GRADIENT, INPUT, "forward hides a part of itself from autograd")
class HalfDetached(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x * x.detach(), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return 2 * cache * dy, {}


@wrong(Property.DIFFERENCES, INPUT, "backward agrees with autograd, but neither is the slope of forward")
class StraightThrough(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return x + (x.sign() - x).detach(), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return dy, {}


@wrong(Property.DIFFERENCES, INPUT, "off by a factor 2")
class WrongAndNotDifferentiable(Layer):
    """Uses numpy, which autograd does not support; the slopes can still be measured."""

    def forward(self, params: Params, x: Tensor, context: Context) -> Passed:
        return torch.from_numpy(x.numpy() ** 2), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> Back:
        return 4 * cache * dy, {}
