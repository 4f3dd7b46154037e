"""What a user should know about a study that is allowed, but is seldom meant: outputs that cannot reach the targets."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from regnet.contracts import Coding, Context, Layer, Loss
from regnet.errors import ShapeError
from regnet.network.parameters import leaves
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog
from regnet.rng import Noise

PROBES = 256
"""The number of random inputs by which the range of the last layers is found."""
WIDE = 1e4
"""Their standard deviation."""
EDGE = 1e-3
"""The tolerance of a range."""


def advice(network: Sequential, loss: Loss, coding: Coding, outputs: int, catalog: Catalog) -> Iterator[str]:
    """Yield a line if the network's outputs cannot reach what the loss compares them with."""
    last = _without_parameters(network)
    if not last:
        return
    low, high = _range(last, outputs)
    name = str(catalog.describe(loss)["name"])
    layer = str(catalog.describe(last[-1])["name"])
    given = f"the network ends in {layer}, which gives {_shown(low)} to {_shown(high)}"
    if coding == "index" or loss.probabilities(torch.zeros(1, outputs)) is not None:
        wanted = "any numbers"
        fits = low < -1 - EDGE
    elif coding in ("standardized", "values"):
        wanted = "values of any size"
        fits = low < -1 - EDGE and high > 1 + EDGE
    elif coding == "signed":
        wanted = "-1 to 1"
        fits = low < -1 + EDGE and high > 1 - EDGE
    else:
        wanted = "0 to 1"
        fits = low < EDGE and high > 1 - EDGE
    if not fits:
        yield f"note: loss {name} needs {wanted} as outputs, and {given}: set model.output=null, or another layer"


def _without_parameters(network: Sequential) -> list[Layer]:
    """The layers after the last one that has parameters."""
    last: list[Layer] = []
    for layer in reversed(network.layers):
        try:
            params, _ = layer.init(2, torch.Generator())
        except ShapeError:  # a layer that depends on the number of features
            break
        if next(leaves(params), None) is not None:
            break
        last.insert(0, layer)
    return last


def _range(layers: list[Layer], outputs: int) -> tuple[float, float]:
    """The smallest and the largest output of layers without parameters for inputs of any size."""
    x = WIDE * torch.randn(PROBES, outputs, generator=torch.Generator().manual_seed(0))
    context = Context(training=False, noise=Noise([0], replica_axis=False))
    with torch.inference_mode():
        y, _ = Sequential(tuple(layers)).forward({str(index): {} for index in range(len(layers))}, x, context)
    return float(y.min()), float(y.max())


def _shown(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 10 else "any size"
