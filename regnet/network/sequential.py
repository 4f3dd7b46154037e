"""Layers one after another: the shape of a whole network, and of a layer made of layers."""

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
    """The composition of its layers: each one's output is the next one's input, the report's case 1, equation (8).

    Its parameters are those of its layers under the layer's place, ``{"0": {...}, "1": {...}}``.
    """

    layers: tuple[Layer, ...]

    @cached_property
    def _places(self) -> tuple[tuple[str, Layer], ...]:
        return tuple((str(place), layer) for place, layer in enumerate(self.layers))

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        """Each layer's parameters in turn, and the features that leave the last one.

        Raises:
            ShapeError: a layer cannot take what the one before it gives; says which.
        """
        params: Params = {}
        features = in_features
        for place, layer in enumerate(self.layers):
            try:
                params[str(place)], features = layer.init(features, generator)
            except ShapeError as error:
                raise ShapeError(f"layer {place}: {error}") from error
        return params, features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        caches = []
        for place, layer in self._places:
            x, cache = layer.forward(params[place], x, context)
            caches.append(cache)
        return x, caches

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        gradients: Params = {}
        for (place, layer), layer_cache in zip(reversed(self._places), reversed(cache), strict=True):
            dy, gradients[place] = layer.backward(params[place], layer_cache, dy)
        return dy, gradients

    def gradients(self, params: Params, cache: Any, dy: Tensor) -> Params:
        gradients: Params = {}
        for (place, layer), layer_cache in zip(self._places[:0:-1], cache[:0:-1], strict=True):
            dy, gradients[place] = layer.backward(params[place], layer_cache, dy)
        place, first = self._places[0]
        gradients[place] = first.gradients(params[place], cache[0], dy)
        return gradients
