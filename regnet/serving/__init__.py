"""Trained networks, used afterwards: what a run keeps of its network, and how MLflow makes a model of that again.

An MLflow model names this package as its loader, and holds plain data beside it: nothing in a model is code, nothing is unpickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regnet.serving.predictor import Predictor


def _load_pyfunc(path: str) -> Predictor:
    """The model in a folder, as `mlflow.pyfunc.load_model` asks the package that a model names as its loader.

    Raises:
        PluginError: a plugin that the network is made of is not here, or is not what it was.
    """
    from regnet.registry.catalog import load_catalog
    from regnet.serving.loading import load_network
    from regnet.serving.predictor import Predictor

    return Predictor(load_network(Path(path), load_catalog()))
