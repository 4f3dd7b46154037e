"""Every optimizer trains a network, with the same losses in both engines."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from regnet_optimizers import regnet_optimizers

import regnet

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SHORT = ["tracking=none", "report=none", "epochs=2", "batch_size=50"]
COSINE = ["optimizer=cosine", "optimizer.total_steps=40", "optimizer.warmup_steps=5"]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizer=lion", "optimizer.lr=0.003"],
        ["optimizer=adagrad"],
        ["optimizer=adadelta"],
        ["optimizer=nadam"],
        ["optimizer=radam"],
        ["optimizer=adamax"],
        [*COSINE, "optimizer.optimizer={name: adam, lr: 0.01}"],
        [*COSINE, "optimizer.optimizer={name: lion, lr: 0.003}"],
    ],
    ids=" ".join,
)
def test_both_engines_have_the_same_loss(overrides: list[str]) -> None:
    overrides = [*SHORT, *overrides, "dtype=float64", "seeds=2"]
    ours, theirs = (regnet.run([*overrides, f"engine={engine}"]).history for engine in ("handbuilt", "torch"))
    losses = ours["test/loss"]
    assert losses.shape == (2, 2)
    assert (losses[:, 1] < losses[:, 0]).all()
    np.testing.assert_allclose(losses, theirs["test/loss"], rtol=1e-6)


@pytest.mark.parametrize("command", re.findall(r"^\$ regnet run (.*)$", README, re.MULTILINE))
def test_commands_in_the_readme(command: str) -> None:
    result = regnet.run([*shlex.split(command), *SHORT])
    assert np.isfinite(result.history["test/loss"]).all()


def test_the_readme_lists_every_optimizer() -> None:
    assert re.findall(r"^\| `(\w+)`", README, re.MULTILINE) == list(regnet_optimizers())
