"""The residual connection: a layer made of layers, whose input is added to its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params
from regnet.errors import ShapeError
from regnet.network.sequential import Sequential


@dataclass(frozen=True)
class Residual(Layer):
    """``y = x + f(x)`` with `f` the given layers in sequence.

    By the paper's equation (9) both paths carry the gradient: ``dx = dy + f'(x)ᵀ dy``.
    Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.

    Args:
        layers: the layers of `f`, whose output must have as many features as its input.
    """

    layers: Sequence[Layer]

    @cached_property
    def _inner(self) -> Sequential:
        return Sequential(tuple(self.layers))

    @property
    def smallest_batch(self) -> int:  # type: ignore[override]  # that of its layers
        return self._inner.smallest_batch

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        params, out_features = self._inner.init(in_features, generator)
        if out_features != in_features:
            raise ShapeError(
                f"residual: its layers turn {in_features} features into {out_features}; expected {in_features}, "
                "since the input is added to the output"
            )
        return params, out_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        y, cache = self._inner.forward(params, x, context)
        return x + y, cache

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        dx, gradients = self._inner.backward(params, cache, dy)
        return dy + dx, gradients
