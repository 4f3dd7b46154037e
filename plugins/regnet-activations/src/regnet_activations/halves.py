"""Shared code of the gated layers, which use one half of the features to gate the other half."""

from __future__ import annotations

from regnet import ShapeError


def half(name: str, in_features: int) -> int:
    """Half the number of features: the number of output features of a gated layer.

    Raises:
        ShapeError: the number is odd.
    """
    if in_features % 2:
        raise ShapeError(
            f"layer {name}: gates one half of its features by the other; expected an even number of them, got {in_features}: "
            f"give the layer before it {in_features + 1} (model.hidden, or out_features)"
        )
    return in_features // 2
