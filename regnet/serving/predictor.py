"""The interface to MLflow for predictions: a trained network that takes frames or arrays and returns plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from regnet.serving.header import SCORES
from regnet.study.result import TrainedNetwork


class Predictor:
    """A trained network behind MLflow's `predict`."""

    def __init__(self, network: TrainedNetwork) -> None:
        self._network = network

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> np.ndarray:
        """Predict classes ``(N,)``, by name if the network was trained on a table, else by number; or values ``(N, K)``.

        Args:
            model_input: a frame with the columns of the table that the network was trained on, with gaps and in any order; or
                features ``(N, F)`` in the data set's units, as an array, a list or a frame without names.
            params: with ``scores`` true, return the network's outputs ``(N, K)`` instead.

        Raises:
            ValueError: a feature is missing or infinite, and the network was not trained on a table; the message names the row.
            DataError: a column is missing, or has values of another kind; or there are more or fewer features.
        """
        scores = bool(params and params.get(SCORES))
        schema = self._network.data.schema
        if schema is not None:
            names = [column.name for column in schema.columns]
            named = isinstance(model_input, (pd.DataFrame, dict))
            frame = pd.DataFrame(model_input) if named else pd.DataFrame(np.asarray(model_input), columns=names)
            return self._network.output(frame).numpy() if scores else np.asarray(self._network.predict(frame))
        x = np.asarray(model_input, dtype=float)
        bad = np.flatnonzero(~np.isfinite(x).all(-1))
        if bad.size:
            raise ValueError(f"row {bad[0]} (the first is 0) has a feature that is missing or infinite: leave it out or fill it in")
        function = self._network.output if scores else self._network.predict
        return np.asarray(function(torch.tensor(x)))

    def get_raw_model(self) -> TrainedNetwork:
        """Return the trained network, for MLflow's `get_raw_model`."""
        return self._network
