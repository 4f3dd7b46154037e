"""Models: short descriptions of whole networks, such as "three hidden layers of 25" instead of a list of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

import torch
from annotated_types import Ge

from regnet.contracts import Initializer, Layer
from regnet.errors import BadOption, one_of
from regnet.machine import free_memory
from regnet.network.sequential import Sequential
from regnet.registry.catalog import MISSING, Catalog
from regnet.registry.options import options_of

OUT = "out_features"
"""The option of a layer for the number of its outputs."""
COPIES = 8
"""How many numbers training holds for each weight: see `regnet.training.cost`."""


@dataclass(frozen=True)
class MLP:
    """Linear layers with an activation between them and, optionally, at the end; with three hidden layers, the paper's Figure 1.

    Args:
        hidden: the size of each hidden layer; auto is [25, 25, 25] for the disc, as in the paper, and else [100].
        activation: the layer after each hidden linear layer, or a list of layers: ``[batch_norm, relu]``.
        output: the layer at the end, or None; auto is the paper's tanh for the disc, and else None.
        bias: whether the linear layers add a bias.
        initializer: draws the linear layers' weights and biases; auto is the paper's he_fan_out for the disc, and else one that
            suits the activation.
    """

    hidden: list[Annotated[int, Ge(1)]]
    activation: Sequence[Layer]
    output: Layer | None
    bias: bool
    initializer: Initializer

    def build(self, outputs: int, catalog: Catalog) -> tuple[Layer, ...]:
        """Return the layers for a target that needs that many outputs."""

        def linear(size: int) -> Layer:
            spec = {"name": "linear", "out_features": size, "bias": self.bias, "initializer": self.initializer}
            return catalog.build("layer", spec)  # type: ignore[no-any-return]

        self._check_size()
        hidden = [layer for size in self.hidden for layer in (linear(size), *self.activation)]
        return (*hidden, linear(outputs), *([self.output] if self.output else []))

    def _check_size(self) -> None:
        weights = sum(before * after for before, after in pairwise([2, *self.hidden, 2]))
        needed, free = COPIES * weights * torch.float32.itemsize / 1e9, free_memory() / 1e9
        if needed > free:
            raise BadOption(
                f"model.hidden={self.hidden} takes about {needed:.0f} GB, and {free:.0f} GB are free: take smaller layers"
            )


@dataclass(frozen=True)
class LayerList:
    """A list of layers, in sequence.

    Args:
        layers: each by its name, or by a mapping of its name and options. The last one that has an option `out_features` has as
            many outputs as the task needs, unless the option is given.
    """

    layers: Sequence[Layer]

    def build(self, outputs: int, catalog: Catalog) -> tuple[Layer, ...]:
        """Return the layers as given; `build_study` checks that the last has that many outputs."""
        return tuple(self.layers)


MODELS: dict[str, type[MLP] | type[LayerList]] = {"mlp": MLP, "layers": LayerList}


def build_network(spec: Mapping[str, Any], outputs: int, catalog: Catalog) -> Sequential:
    """Return the network that a configuration's `model` describes, for that many outputs.

    Raises:
        ConfigError: the model or a component of it is unknown, or does not take its options.
    """
    name = spec.get("name")
    if name not in MODELS:
        raise BadOption(f"unknown model {name!r}: {one_of(str(name), MODELS)}")
    given = {key: value for key, value in spec.items() if key != "name"}
    if name == "mlp" and not isinstance(given.get("activation"), (list, tuple)):
        given["activation"] = [given.get("activation")]
    if name == "layers" and isinstance(given.get("layers"), (list, tuple)):
        given["layers"] = _with_outputs(given["layers"], outputs, catalog)
    model = catalog.construct(MODELS[name], options_of(MODELS[name]), given, owner=f"model {name}", where="model")
    return Sequential(model.build(outputs, catalog))


def _with_outputs(layers: Sequence[Any], outputs: int, catalog: Catalog) -> list[Any]:
    """The descriptions of layers, the last of which that has a size has that of the task, unless it says another."""
    described = list(layers)
    for index in reversed(range(len(described))):
        layer = described[index]
        options = {"name": layer} if isinstance(layer, str) else layer
        if not isinstance(options, Mapping) or not isinstance(options.get("name"), str):
            continue
        entries = catalog.entries["layer"].get(options["name"], ())
        if any(OUT in entry.options for entry in entries):
            if options.get(OUT, MISSING) == MISSING:
                described[index] = {**options, OUT: outputs}
            break
    return described
