"""Conformance tests of every loss: gradients, replicas, precision, NaN, the range of numbers, agreement with PyTorch."""

from __future__ import annotations

from typing import Any

import pytest
from regnet_losses import regnet_losses
from torch import nn

import regnet
from regnet.testing import component_tests

DISTRIBUTION = "regnet-losses"

CATALOG = regnet.load_catalog()
ENTRIES = [entry for claims in CATALOG.entries["loss"].values() for entry in claims if entry.origin.distribution == DISTRIBUTION]

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "l1": [{}, {"reduction": "sum"}],
    "smooth_l1": [{}, {"beta": 0.3, "reduction": "sum"}, {"beta": 4.0}],
    "quantile": [{}, {"quantile": 0.9, "reduction": "sum"}, {"quantile": 0.05}],
    "poisson": [{}, {"reduction": "sum"}],
    "hinge": [{}, {"margin": 0.4, "reduction": "sum"}, {"margin": 3.0}],
    "focal": [{}, {"gamma": 0.5, "alpha": [0.25, 2.0, 1.2]}, {"gamma": 0.0}, {"gamma": 5.0}],
    "kl": [{}, {"label_smoothing": 0.1}],
}
"""The defaults of every loss, and other options; each has a value that is not the default in one of them."""

test_conforms = component_tests(DISTRIBUTION, SETTINGS)


def test_entry_point_provides_every_loss() -> None:
    assert {entry.name: entry.component for entry in ENTRIES} == regnet_losses()


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
def test_every_option_has_another_value(entry: Any) -> None:
    changed = {name for options in SETTINGS[entry.name] for name, value in options.items() if value != entry.options[name].default}
    assert changed == set(entry.options)


def test_losses_without_a_pytorch_counterpart() -> None:
    """The check skips the comparison for them."""
    assert [name for name, loss in regnet_losses().items() if loss().torch_loss(nn) is None] == ["quantile", "focal"]
