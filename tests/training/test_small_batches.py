"""Batches that are too small for a layer are refused by both engines, and can be left out."""

from __future__ import annotations

import pytest

from regnet.errors import ConfigError
from regnet.training.lockstep import run_study
from tests.conftest import MakeStudy
from tests.training.together import Observer

NORMALIZED = (
    "model={name: layers, layers: [{name: linear, out_features: 8}, {name: residual, layers: [batch_norm]}, relu, "
    "{name: linear, out_features: 2}]}"
)


@pytest.mark.parametrize("engine", ["handbuilt", "torch"])
def test_batch_norm_is_not_trained_on_a_single_example(study: MakeStudy, engine: str) -> None:
    """pytorch#4534: with 301 examples in batches of 100 the last has a single one, whose variance is 0."""
    words = (NORMALIZED, f"engine={engine}", "dataset.train_size=301", "batch_size=100", "epochs=2")
    with pytest.raises(ConfigError, match=r"layer batch_norm needs 2 examples in a batch, .* set drop_last=true"):
        study(*words)
    assert not run_study(study(*words, "drop_last=true"), Observer()).failures
    with pytest.raises(ConfigError, match="raise batch_size"):
        study(*words, "batch_size=1")


def test_leaving_out_every_batch_is_refused(study: MakeStudy) -> None:
    with pytest.raises(ConfigError, match="drop_last=true leaves no batch: there are 30 training examples, and batch_size is 100"):
        study("dataset.train_size=30", "batch_size=100", "drop_last=true")
