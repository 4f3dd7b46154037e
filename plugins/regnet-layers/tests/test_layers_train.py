"""Every layer trains in a network, with the same losses in both engines."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from regnet_layers import regnet_layers

import regnet

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SHORT = ["tracking=none", "report=none", "epochs=2", "batch_size=50"]
LAYERS = {"weight_norm": "{name: weight_norm, out_features: 8}", "alpha_dropout": "{name: alpha_dropout, p: 0.05}"}
"""What to write in a config for the layers with options that are required, or too strong for a small network."""


@pytest.mark.parametrize("name", regnet_layers())
def test_both_engines_have_the_same_loss(name: str) -> None:
    layers = f"[{{name: linear, out_features: 8}}, {LAYERS.get(name, name)}, tanh, {{name: linear, out_features: 2}}]"
    overrides = [*SHORT, "model=layers", f"model.layers={layers}", "optimizer=adam", "dtype=float64", "seeds=2"]
    ours, theirs = (regnet.run([*overrides, f"engine={engine}"]).history for engine in ("handbuilt", "torch"))
    losses = ours["test/loss"]
    assert losses.shape == (2, 2)
    assert (losses[:, 1] < losses[:, 0]).all()
    np.testing.assert_allclose(losses, theirs["test/loss"], rtol=1e-6)


@pytest.mark.parametrize("command", re.findall(r"^\$ regnet run (.*)$", README, re.MULTILINE))
def test_commands_in_the_readme(command: str) -> None:
    result = regnet.run([*shlex.split(command), *SHORT])
    assert np.isfinite(result.history["test/loss"]).all()


def test_the_readme_lists_every_layer() -> None:
    assert re.findall(r"^\| `(\w+)`", README, re.MULTILINE) == list(regnet_layers())
