"""A table of the settings with which each component of regnet is tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regnet.registry.catalog import Catalog, Entry, load_catalog

TREES = str(Path(__file__).parents[1] / "table/trees.csv")
"""A table of 60 trees, with semicolons and decimal commas."""
FEATURES = 4
"""The number of input features of layers."""

CATALOG: Catalog = load_catalog()
"""Loaded during collection, since tests are parametrized over its entries."""

SETTINGS: dict[str, list[dict[str, Any]]] = {
    # layers
    "linear": [{"out_features": 3}, {"out_features": 4, "bias": False}, {"out_features": 3, "initializer": "torch_default"}],
    "gelu": [{}, {"approximate": "tanh"}],
    "leaky_relu": [{}, {"negative_slope": 0.3}],
    "dropout": [{}, {"p": 0.2}, {"p": 0.01}, {"p": 0.0}],
    "layer_norm": [{}, {"eps": 0.1}],
    "batch_norm": [{}, {"eps": 0.1, "momentum": 0.3}],
    "residual": [
        {"layers": [{"name": "linear", "out_features": FEATURES}, "tanh"]},
        {"layers": ["batch_norm", {"name": "dropout", "p": 0.3}, "relu"]},
        {"layers": [{"name": "linear", "out_features": 6}, "silu", {"name": "linear", "out_features": 5, "bias": False}]},
        {"layers": [{"name": "residual", "layers": ["layer_norm", "tanh"]}, "softmax"]},
    ],
    # losses
    "mse": [{}, {"reduction": "mean"}],
    "huber": [{}, {"delta": 0.4, "reduction": "sum"}, {"delta": 2.5}],
    "binary_cross_entropy": [{}, {"reduction": "sum"}],
    "cross_entropy": [
        {},
        {"label_smoothing": 0.1},
        {"class_weights": [0.5, 2.0, 1.2], "label_smoothing": 0.3},
        {"class_weights": [3, 1, 0.2]},
    ],
    # optimizers
    "sgd": [
        {},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "weight_decay": 0.2},
        {"lr": 0.1, "momentum": 0.7, "nesterov": True, "weight_decay": 0.2},
    ],
    "adam": [
        {},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2},
        {"beta1": 0.0, "beta2": 0.0},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "eps": 0.01, "weight_decay": 0.2, "amsgrad": True},
        {"beta1": 0.0, "beta2": 0.0, "amsgrad": True},
    ],
    "adamw": [
        {},
        {"weight_decay": 0.0},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.01, "weight_decay": 0.2},
        {"lr": 0.1, "beta1": 0.5, "beta2": 0.6, "eps": 0.01, "weight_decay": 0.2, "amsgrad": True},
    ],
    "rmsprop": [
        {},
        {"lr": 0.1, "alpha": 0.5, "eps": 0.01, "weight_decay": 0.2},
        {"alpha": 0.0},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "centered": True},
        {"lr": 0.1, "alpha": 0.5, "eps": 0.01, "weight_decay": 0.2, "momentum": 0.7, "centered": True},
    ],
    # data sets
    "disc": [{}, {"train_size": 20, "test_size": 30}],
    "digits": [{}, {"test_share": 0.5}, {"fold": 2, "folds": 3}],
    "iris": [{}, {"test_share": 0.5}, {"fold": 0, "folds": 3}],
    "wine": [{}, {"test_share": 0.5}, {"fold": 1, "folds": 3}],
    "breast_cancer": [{}, {"test_share": 0.5}, {"fold": 9, "folds": 10}],
    "diabetes": [{}, {"test_share": 0.05}, {"fold": 1, "folds": 3}],
    "table": [
        {"path": TREES, "target": "kind"},
        {"path": TREES, "target": "height", "task": "regression", "group": "plot", "test_share": 0.3},
        {"path": TREES, "target": "kind", "fold": 1, "folds": 3, "features": ["height", "felled"], "missing": "drop"},
        {
            "path": TREES,
            "target": "kind",
            "order": "planted",
            "exclude": ["plot"],
            "separator": ";",
            "encoding": "utf-8",
            "header": True,
            "decimal": ",",
            "thousands": ".",
            "dates": "day_first",
            "na_values": ["unknown"],
        },
    ],
    # initializers
    "he_fan_out": [{}, {"gain": 2.5}],
    "he_fan_in": [{}, {"gain": 2.5}],
    "xavier_normal": [{}, {"gain": 2.5}],
    "xavier_uniform": [{}, {"gain": 2.5}],
    "lecun_normal": [{}, {"gain": 2.5}],
    "lecun_uniform": [{}, {"gain": 2.5}],
    "orthogonal": [{}, {"gain": 2.5}],
    "constant": [{}, {"value": -0.25}],
    # metrics
    "calibration_error": [{}, {"bins": 4}],
}
"""The settings of each component by name. The first has only the options without a default. Every option has a non-default value
in one of them."""


def entries(kind: str) -> list[Entry]:
    """Every entry of a kind, in order of name."""
    return [entry for name in CATALOG.names(kind) for entry in CATALOG.entries[kind][name]]


def build(entry: Entry) -> Any:
    """The component with the options that it requires."""
    return CATALOG.build(entry.kind, {"name": entry.name, **SETTINGS.get(entry.name, [{}])[0]})
