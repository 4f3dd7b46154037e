"""Short trainings in which some seeds stop early and others do not."""

from __future__ import annotations

import os
from unittest import mock

import numpy as np
import torch

import regnet

VARIABLE = "REGNET_EARLY_STOPPING"
EPOCHS = 25
SEEDS = (3, 8, 1, 5)
SOME_STOP = "patience=2,min_delta=0.01"
"""With this, the trainings below stop some of their seeds, each after another epoch, and not all of them."""


def train(options: str, *words: str) -> regnet.StudyResult:
    """Trains four seeds of a small network with early stopping as the variable would say it; with nothing, without."""
    fixed = ["tracking=none", "model.hidden=[8]", "model.output=null", "loss=cross_entropy", "optimizer=adam", "optimizer.lr=0.01"]
    sizes = ["dataset.train_size=100", "dataset.test_size=50", f"epochs={EPOCHS}", f"seeds={list(SEEDS)}"]
    with mock.patch.dict(os.environ, {VARIABLE: options}):
        return regnet.run([*fixed, *sizes, *words])


def same_weights(one: regnet.TrainedNetwork, other: regnet.TrainedNetwork) -> bool:
    assert one.weights.keys() == other.weights.keys()
    return all(torch.equal(tensor, other.weights[name]) for name, tensor in one.weights.items())


def expected_stop(values: np.ndarray, patience: int, min_delta: float) -> int | None:
    """The epoch after which a seed with these values has to stop, written another way: the first with no better one in its wake.

    A plain restatement: after epoch e, counted from 1, it stops if none of the last `patience` values beat the best before it.
    """
    best, since = np.inf, 0
    for epoch, value in enumerate(values, start=1):
        if value < best - min_delta:
            best, since = value, epoch
        elif epoch - since == patience and epoch < len(values):
            return epoch
    return None
