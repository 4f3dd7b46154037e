"""Conformance tests of every layer: gradients, replicas, precision, NaN, agreement with PyTorch."""

from __future__ import annotations

from typing import Any

import regnet_layers
from torch import nn

import regnet
from regnet.testing import component_tests

DISTRIBUTION = "regnet-layers"

CATALOG = regnet.load_catalog()
ENTRIES = [entry for claims in CATALOG.entries["layer"].values() for entry in claims if entry.origin.distribution == DISTRIBUTION]

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "rms_norm": [{}, {"eps": 0.1}],
    "group_norm": [{}, {"groups": 1, "eps": 0.1}, {"groups": 3}],
    "alpha_dropout": [{}, {"p": 0.2}, {"p": 0.01}, {"p": 0.0}],
    "weight_norm": [
        {"out_features": 3},
        {"out_features": 4, "bias": False, "initializer": "orthogonal"},
        {"out_features": 2, "initializer": "torch_default"},
    ],
}
"""The options that are required, and others. Every option has a non-default value in one of them."""

test_conforms = component_tests(DISTRIBUTION, SETTINGS)


def test_entry_point_provides_every_layer() -> None:
    assert {entry.name: entry.component for entry in ENTRIES} == regnet_layers.regnet_layers()


def test_every_option_is_tested_with_a_non_default_value() -> None:
    untested = {
        f"{entry.name}.{option.name}"
        for entry in ENTRIES
        for option in entry.options.values()
        if not any(settings.get(option.name, option.default) != option.default for settings in SETTINGS.get(entry.name, []))
    }
    assert not untested


def test_layers_without_a_pytorch_counterpart() -> None:
    """Alpha dropout draws its own noise; PyTorch's weight normalization keeps its parameters in an inner module."""
    built = {entry.name: CATALOG.build("layer", {"name": entry.name, **SETTINGS.get(entry.name, [{}])[0]}) for entry in ENTRIES}
    assert [name for name, layer in built.items() if layer.torch_module(nn, 4) is None] == ["alpha_dropout", "weight_norm"]
