"""The predictor for MLflow: arrays and frames in, arrays out, and errors for invalid inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from regnet.serving.predictor import SCORES, Predictor
from tests.conftest import RunStudy

DISC = ("epochs=3", "dataset.train_size=60", "dataset.test_size=30")
X = [[0.2, 0.7], [0.5, 0.5], [0.0, 1.0]]


def test_classes_and_scores(run: RunStudy) -> None:
    network = run(*DISC).network
    predictor = Predictor(network)
    assert predictor.get_raw_model() is network
    answer = predictor.predict(np.array(X))
    assert answer.dtype == np.int64
    assert answer.tolist() == network.predict(torch.tensor(X)).tolist()
    scores = predictor.predict(np.array(X), {SCORES: True})
    assert scores.tolist() == network.output(torch.tensor(X)).tolist()
    assert predictor.predict(np.array(X), {SCORES: False}).tolist() == answer.tolist()


def test_frames_equal_arrays(run: RunStudy) -> None:
    predictor = Predictor(run(*DISC).network)
    assert predictor.predict(pd.DataFrame(X, columns=["width", "height"])).tolist() == predictor.predict(np.array(X)).tolist()


def test_values_have_the_units_of_the_data_set(run: RunStudy) -> None:
    network = run("dataset=diabetes", "model.output=null", "epochs=5").network
    x = (network.data.test.x * network.data.scale + network.data.shift).numpy()
    answer = Predictor(network).predict(x)
    assert answer.shape == (len(x),)
    assert 50 < answer.mean() < 300  # the unit of the disease's progression


@pytest.mark.parametrize("missing", [np.nan, np.inf, None])
def test_missing_feature_is_an_error(run: RunStudy, missing: float | None) -> None:
    with pytest.raises(ValueError, match=r"row 1 \(the first is 0\) has a feature that is missing or infinite"):
        Predictor(run(*DISC).network).predict(pd.DataFrame([[0.1, 0.2], [0.3, missing]]))
