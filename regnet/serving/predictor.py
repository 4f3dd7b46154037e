"""The interface to MLflow for predictions: a trained network that takes and returns plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from regnet.serving.header import SCORES
from regnet.study.result import TrainedNetwork


class Predictor:
    """A trained network behind MLflow's `predict`."""

    def __init__(self, network: TrainedNetwork) -> None:
        self._network = network

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> np.ndarray:
        """Predict class numbers ``(N,)``, or values ``(N, K)`` in the data set's units.

        Args:
            model_input: features ``(N, F)`` in the data set's units, as an array or a frame.
            params: with ``scores`` true, return the network's outputs ``(N, K)`` instead.

        Raises:
            ValueError: a feature is missing or infinite; the message names the row.
        """
        x = np.asarray(model_input, dtype=float)
        bad = np.flatnonzero(~np.isfinite(x).all(-1))
        if bad.size:
            raise ValueError(f"row {bad[0]} (the first is 0) has a feature that is missing or infinite: leave it out or fill it in")
        function = self._network.output if params and params.get(SCORES) else self._network.predict
        return np.asarray(function(torch.tensor(x)))

    def get_raw_model(self) -> TrainedNetwork:
        """Return the trained network, for MLflow's `get_raw_model`."""
        return self._network
