"""A trained network made again from the plain files of a model: a configuration, weights, and the names of plugins."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
import yaml  # type: ignore[import-untyped]
from safetensors.torch import load_file
from torch import Tensor

from regnet.config.model import build_network
from regnet.contracts import Buffer, Coding
from regnet.data.prepare import Data, Examples
from regnet.data.targets import Targets
from regnet.errors import ConfigError, PluginError
from regnet.network.parameters import leaves
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog
from regnet.registry.discovery import Provenance
from regnet.serving.header import CONFIG, NEEDS, WEIGHTS, Header, read_header
from regnet.serving.needs import changes, check_needs, needs_of
from regnet.study.result import TrainedNetwork


def load_network(folder: Path, catalog: Catalog) -> TrainedNetwork:
    """The network in a model's folder, ready to predict; none of the examples that it was trained on come with it.

    Raises:
        PluginError: a plugin that it is made of is not here, or does not make the network that was trained.
    """
    needs = [Provenance(**need) for need in json.loads((folder / NEEDS).read_text(encoding="utf-8"))]
    check_needs(needs, catalog)
    config = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    header, weights = read_header(folder / WEIGHTS), load_file(folder / WEIGHTS)
    try:
        network = build_network(config["model"], header.outputs, catalog)
    except ConfigError as error:
        raise PluginError(f"the model cannot be built again: {error}{changes(needs, catalog)}") from error
    _check(network, header, weights, needs, catalog)
    return TrainedNetwork(network, header.seed, weights, _data(header, getattr(torch, config["dtype"])))


def _check(
    network: Sequential, header: Header, weights: Mapping[str, Tensor], needs: Sequence[Provenance], catalog: Catalog
) -> None:
    """Raises PluginError if the network comes from elsewhere, or has other parameters, than the one that was trained."""
    made_of = {need.distribution for need in needs}
    strangers = [str(one) for one in needs_of(network, catalog) if one.distribution not in made_of]
    if strangers:
        raise PluginError(f"the model's components come from {', '.join(map(str, needs))}, and here from {', '.join(strangers)}")
    params, _ = network.init(header.features, torch.Generator())
    shapes = {".".join(path): (leaf.value if isinstance(leaf, Buffer) else leaf).shape for path, leaf in leaves(params)}
    for name in sorted(shapes.keys() | weights.keys()):
        expected, got = shapes.get(name), weights[name].shape if name in weights else None
        if expected != got:
            said = [tuple(shape) if shape is not None else "none" for shape in (expected, got)]
            raise PluginError(
                f"the network has parameter {name} of shape {said[0]} here, and {said[1]} in the model{changes(needs, catalog)}"
            )


def _data(header: Header, dtype: torch.dtype) -> Data:
    """How to normalize and to decode, without any examples."""
    nothing = Examples(torch.empty(0, header.features), torch.empty(0), torch.empty(0))

    offset, spread = (torch.tensor(numbers, dtype=torch.float64) for numbers in (header.target_offset, header.target_scale))
    targets = Targets(cast(Coding, header.coding), header.outputs, offset, spread)
    shift, scale = (torch.tensor(numbers, dtype=dtype) for numbers in (header.shift, header.scale))
    return Data(nothing, nothing, None, targets, shift, scale)
