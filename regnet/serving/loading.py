"""Loading a trained network from the plain files of a model: a configuration, weights, and the names of plugins."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor

from regnet.config.model import build_network
from regnet.contracts import Buffer, Coding
from regnet.data.prepare import Data, Examples
from regnet.data.schema import read_schema
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
    """Load the network in a model's folder, ready to predict; the examples that it was trained on are not included.

    Raises:
        PluginError: a plugin that it needs is not installed, or does not build the network that was trained.
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
    """Raise PluginError if the network's distributions or parameters differ from those of the network that was trained."""
    expected_origins = {need.distribution for need in needs}
    unexpected = [str(need) for need in needs_of(network, catalog) if need.distribution not in expected_origins]
    if unexpected:
        raise PluginError(f"the model's components come from {', '.join(map(str, needs))}, and here from {', '.join(unexpected)}")
    params, _ = network.init(header.features, torch.Generator())
    shapes = {".".join(path): (leaf.value if isinstance(leaf, Buffer) else leaf).shape for path, leaf in leaves(params)}
    for name in sorted(shapes.keys() | weights.keys()):
        expected, got = shapes.get(name), weights[name].shape if name in weights else None
        if expected != got:
            here, saved = (tuple(shape) if shape is not None else "none" for shape in (expected, got))
            raise PluginError(
                f"the network has parameter {name} of shape {here} here, and {saved} in the model{changes(needs, catalog)}"
            )


def _data(header: Header, dtype: torch.dtype) -> Data:
    """Return data without examples, with the normalization of inputs and the coding of targets."""
    nothing = Examples(torch.empty(0, header.features, dtype=dtype), torch.empty(0), torch.empty(0))

    offset, spread = (torch.tensor(numbers, dtype=torch.float64) for numbers in (header.target_offset, header.target_scale))
    targets = Targets(cast(Coding, header.coding), header.outputs, offset, spread)
    precision = getattr(torch, header.precision)
    shift, scale = (torch.tensor(numbers, dtype=precision) for numbers in (header.shift, header.scale))
    return Data(nothing, nothing, None, targets, shift, scale, read_schema(header.schema))
