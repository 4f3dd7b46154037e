"""Every loss trains a network, with the same losses in both engines, and with recorded steps."""

from __future__ import annotations

import logging
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from regnet_losses import regnet_losses

import regnet

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SHORT = ["tracking=none", "report=none", "epochs=2", "batch_size=50"]
SMALL = ["model.output=null", "model.hidden=[8,4]", "optimizer=adam", "dtype=float64", "seeds=2"]
DISC = ["dataset=disc"]
DIABETES = ["dataset=diabetes"]


@pytest.mark.parametrize(
    "overrides",
    [
        [*DISC, "loss=l1"],
        [*DIABETES, "loss=l1", "coding=standardized", "loss.reduction=sum"],
        [*DISC, "loss=smooth_l1", "loss.beta=0.3", "coding=one_hot"],
        [*DIABETES, "loss=quantile", "loss.quantile=0.8"],
        [*DIABETES, "loss=poisson"],
        [*DISC, "loss=hinge", "loss.margin=0.5"],
        [*DISC, "loss=focal", "loss.gamma=1.5", "loss.alpha=[1,2.5]"],
        [*DISC, "loss=kl", "loss.label_smoothing=0.1"],
    ],
    ids=" ".join,
)
def test_both_engines_have_the_same_loss(overrides: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "regnet")
    ways = ("engine=handbuilt", "engine=torch", "replay=false")
    ours, theirs, eager = (regnet.run([*SHORT, *SMALL, *overrides, way]).history["test/loss"] for way in ways)
    assert "cannot be recorded" not in caplog.text
    assert ours.shape == (2, 2)
    assert (ours[:, 1] < ours[:, 0]).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_array_equal(ours, eager)


@pytest.mark.parametrize("command", re.findall(r"^\$ regnet run (.*)$", README, re.MULTILINE))
def test_commands_in_the_readme(command: str) -> None:
    result = regnet.run([*shlex.split(command), *SHORT])
    assert np.isfinite(result.history["test/loss"]).all()


def test_the_readme_lists_every_loss() -> None:
    assert re.findall(r"^\| `(\w+)`", README, re.MULTILINE) == list(regnet_losses())


def test_wrong_number_of_factors_is_one_line() -> None:
    with pytest.raises(regnet.RegnetError, match="loss focal: alpha has 3 numbers, but there are 2 classes"):
        regnet.run([*SHORT, *SMALL, *DISC, "loss=focal", "loss.alpha=[1,2,3]", "seeds=[0]"])
