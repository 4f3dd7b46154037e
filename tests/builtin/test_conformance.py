"""Conformance of every component of regnet with every setting; `tests/check` tests the check itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from regnet.contracts import KINDS
from regnet.testing import component_tests
from tests.builtin.cases import FEATURES, SETTINGS, build, entries

test_component_conforms = component_tests("regnet", SETTINGS)


def test_every_option_is_tested_with_a_non_default_value() -> None:
    untested = {
        f"{entry} {option.name}"
        for kind in KINDS
        for entry in entries(kind)
        for option in entry.options.values()
        if not any(settings.get(option.name, option.default) != option.default for settings in SETTINGS.get(entry.name, []))
    }
    assert not untested, "add a setting to SETTINGS"


@pytest.mark.parametrize(
    ("kind", "counterpart", "without"),
    [
        ("layer", lambda layer: layer.torch_module(nn, FEATURES), ["dropout", "residual"]),
        ("loss", lambda loss: loss.torch_loss(nn), []),
        ("optimizer", lambda optimizer: optimizer.torch_optimizer(torch.optim, [torch.zeros(1)]), []),
    ],
    ids=["layer", "loss", "optimizer"],
)
def test_components_without_a_pytorch_counterpart(kind: str, counterpart: Any, without: list[str]) -> None:
    """The check skips components without a counterpart. Dropout draws its own noise; PyTorch has no residual connection."""
    assert [entry.name for entry in entries(kind) if counterpart(build(entry)) is None] == without
