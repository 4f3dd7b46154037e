"""Find the derivative ``f'`` that a wrong element-wise `backward` used in ``dx = dy · f'(x)``, in a table of common formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor

from regnet.check.patterns import alike

Formula: TypeAlias = Callable[[Tensor, Tensor], Tensor]

FORMULAS: dict[str, Formula] = {
    "y": lambda x, y: y,
    "1 - y": lambda x, y: 1 - y,
    "1 + y": lambda x, y: 1 + y,
    "y²": lambda x, y: y.square(),
    "1 - y²": lambda x, y: 1 - y.square(),
    "1 + y²": lambda x, y: 1 + y.square(),
    "y (1 - y)": lambda x, y: y * (1 - y),
    "y / x": lambda x, y: y / x,
    "x": lambda x, y: x,
    "2 x": lambda x, y: 2 * x,
    "x²": lambda x, y: x.square(),
    "1 - x": lambda x, y: 1 - x,
    "1 - x²": lambda x, y: 1 - x.square(),
    "x (1 - x)": lambda x, y: x * (1 - x),
    "x > 0": lambda x, y: (x > 0).double(),
    "x < 0": lambda x, y: (x < 0).double(),
    "sign(x)": lambda x, y: x.sign(),
    "sigmoid(x)": lambda x, y: x.sigmoid(),
    "tanh(x)": lambda x, y: x.tanh(),
    "exp(x)": lambda x, y: x.exp(),
}
"""Derivatives as functions of the input `x` and the output `y`."""


def wrong_formulas(dx: Tensor, dy: Tensor, x: Tensor, y: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The gradient by each wrong formula, with a description that names the right one if the table has it.

    `dx` is the right gradient. Yields nothing unless all four tensors have the same shape.
    """
    if not dx.shape == dy.shape == x.shape == y.shape:
        return
    right = next((text for text, formula in FORMULAS.items() if alike(dx, dy * formula(x, y))), None)
    instead = f", where dy · ({right}) is right" if right else ""
    for text, formula in FORMULAS.items():
        if text != right:
            yield f"computes dy · ({text}){instead}", torch.nan_to_num(dy * formula(x, y))
