"""Trained networks after a run: what is saved of a network, and how MLflow loads it as a model.

An MLflow model names this package as its loader and otherwise holds plain data: a model contains no code, and nothing is unpickled.

Offers `packing` (weights as plain data), `header` (what goes with them), `needs` (the distributions that a network needs),
`loading` and `predictor` (a network from them).

May import config, network, registry, study.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regnet.serving.predictor import Predictor


def _load_pyfunc(path: str) -> Predictor:
    """Load the model in a folder, for `mlflow.pyfunc.load_model`, which calls this function of a model's loader package.

    Raises:
        PluginError: a plugin that the network needs is not installed, or differs from the one it was trained with.
    """
    from regnet.registry.catalog import load_catalog
    from regnet.serving.loading import load_network
    from regnet.serving.predictor import Predictor

    return Predictor(load_network(Path(path), load_catalog()))
