"""What MLflow asks for predictions: a trained network that takes and gives plain arrays."""

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
        """Class numbers ``(N,)``, or values ``(N, K)`` in their own units.

        Args:
            model_input: features ``(N, F)`` in the data set's own units, as an array or a frame.
            params: with ``scores`` true, the answer is what the network gives, ``(N, K)``.

        Raises:
            ValueError: a feature is missing or infinite; says of which row.
        """
        x = np.asarray(model_input, dtype=float)
        bad = np.flatnonzero(~np.isfinite(x).all(-1))
        if bad.size:
            raise ValueError(f"row {bad[0]} (the first is 0) has a feature that is missing or infinite: leave it out or fill it in")
        answer = self._network.output if params and params.get(SCORES) else self._network.predict
        return np.asarray(answer(torch.tensor(x)))

    def get_raw_model(self) -> TrainedNetwork:
        """The trained network, as MLflow's `get_raw_model` gives it."""
        return self._network
