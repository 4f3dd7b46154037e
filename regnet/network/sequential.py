"""Layers in sequence: a whole network, or a layer made of layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from regnet.contracts import Context, Layer, Params
from regnet.errors import ShapeError


@dataclass(frozen=True)
class Sequential(Layer):
    """The composition of its layers: each layer's output is the next layer's input, the paper's case 1, equation (8).

    Its parameters are those of its layers by the layer's index, ``{"0": {...}, "1": {...}}``.
    """

    layers: tuple[Layer, ...]

    @cached_property
    def _indexed(self) -> tuple[tuple[str, Layer], ...]:
        return tuple((str(index), layer) for index, layer in enumerate(self.layers))

    @property
    def smallest_batch(self) -> int:  # type: ignore[override]  # that of its layers
        return max((layer.smallest_batch for layer in self.layers), default=1)

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        """The parameters of each layer in order, and the number of features of the last layer's output.

        Raises:
            ShapeError: a layer cannot take the previous layer's output; the message says which.
        """
        params: Params = {}
        features = in_features
        for index, layer in enumerate(self.layers):
            try:
                params[str(index)], features = layer.init(features, generator)
            except ShapeError as error:
                raise ShapeError(f"layer {index}: {error}") from error
        return params, features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        caches = []
        for index, layer in self._indexed:
            x, cache = layer.forward(params[index], x, context)
            caches.append(cache)
        return x, caches

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        gradients: Params = {}
        for (index, layer), layer_cache in zip(reversed(self._indexed), reversed(cache), strict=True):
            dy, gradients[index] = layer.backward(params[index], layer_cache, dy)
        return dy, gradients

    def gradients(self, params: Params, cache: Any, dy: Tensor) -> Params:
        gradients: Params = {}
        for (index, layer), layer_cache in zip(self._indexed[:0:-1], cache[:0:-1], strict=True):
            dy, gradients[index] = layer.backward(params[index], layer_cache, dy)
        index, first = self._indexed[0]
        gradients[index] = first.gradients(params[index], cache[0], dy)
        return gradients
