"""Maxout: each output is the largest of a group of features, which makes the activation a learned function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor

from regnet import Context, Layer, Params, ShapeError


@dataclass(frozen=True)
class Maxout(Layer):
    """``y_j = max_i x_ij`` over the `k` neighbouring features of group `j`: ``(*R, B, F)`` becomes ``(*R, B, F/k)``.

    Only the largest feature has a gradient: ``dx_ij = dy_j`` for it, 0 for the rest of its group. If several are equally large,
    one of them has it. After a linear layer this is the unit of the source: the maximum of `k` affine maps, each a piece of a
    convex function. PyTorch has no counterpart.
    Source: Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks", ICML 2013, section 3.

    Args:
        pieces: the size `k` of a group, at least 2; must divide the number of features.
    """

    pieces: Annotated[int, Ge(2)] = 2

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        if in_features % self.pieces:
            raise ShapeError(
                f"layer maxout: takes groups of {self.pieces} features (its option `pieces`); expected a multiple of that, "
                f"got {in_features}"
            )
        return {}, in_features // self.pieces

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        groups = x.unflatten(-1, (x.shape[-1] // self.pieces, self.pieces))
        y, largest = groups.max(-1, keepdim=True)
        return y.squeeze(-1), largest

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        largest = cache
        dx = dy.new_zeros((*dy.shape, self.pieces)).scatter(-1, largest, dy.unsqueeze(-1))
        return dx.flatten(-2), {}
