"""Conformance tests of every activation: gradients, replicas, precision, agreement with PyTorch."""

from __future__ import annotations

from typing import Any

from regnet_activations import regnet_layers

import regnet
from regnet.testing import component_tests

DISTRIBUTION = "regnet-activations"

CATALOG = regnet.load_catalog()
ENTRIES = [entry for claims in CATALOG.entries["layer"].values() for entry in claims if entry.origin.distribution == DISTRIBUTION]

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "elu": [{}, {"alpha": 0.3}],
    "celu": [{}, {"alpha": 0.25}],
    "softplus": [{}, {"beta": 3.0}],
    "squareplus": [{}, {"b": 0.1}],
    "hardtanh": [{}, {"min_val": -0.2, "max_val": 0.7}],
    "prelu": [{}, {"shared": False, "slope": -0.5}],
    "maxout": [{}, {"pieces": 3}],
}
"""The defaults, and other options."""

test_conforms = component_tests(DISTRIBUTION, SETTINGS)


def test_entry_point_provides_every_activation() -> None:
    assert {entry.name: entry.component for entry in ENTRIES} == regnet_layers()
