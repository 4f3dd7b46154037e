"""regnet: layers, losses, optimizers, data sets and initializers as plugins, trained by hand-built mathematics or by PyTorch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Make MKL, which multiplies torch's matrices on most processors, round independently of a matrix's memory address. A seed's numbers
# then do not depend on how many others are trained with it. MKL reads this before its first product; it costs no time.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

if TYPE_CHECKING:
    from regnet.api import run
    from regnet.contracts import (
        PER_REPLICA,
        Buffer,
        Coding,
        Column,
        Context,
        Dataset,
        Initializer,
        Layer,
        Loss,
        Metric,
        Optimizer,
        Params,
        Schema,
        Split,
        Splits,
        State,
        complement,
        descend,
    )
    from regnet.errors import BadOption, RegnetError, ShapeError
    from regnet.hookspecs import hookimpl
    from regnet.network.sequential import Sequential
    from regnet.registry.catalog import Catalog, load_catalog
    from regnet.study.result import StudyResult, TrainedNetwork
    from regnet.study.storage import load_result
    from regnet.tracking.load_model import load_model
    from regnet.tracking.read.dictionary import describe_columns
    from regnet.tracking.read.load import load_results

_HOMES = {
    "run": "regnet.api",
    "Catalog": "regnet.registry.catalog",
    "load_catalog": "regnet.registry.catalog",
    "RegnetError": "regnet.errors",
    "ShapeError": "regnet.errors",
    "BadOption": "regnet.errors",
    "hookimpl": "regnet.hookspecs",
    "StudyResult": "regnet.study.result",
    "TrainedNetwork": "regnet.study.result",
    "Sequential": "regnet.network.sequential",
    "describe_columns": "regnet.tracking.read.dictionary",
    "load_result": "regnet.study.storage",
    "load_model": "regnet.tracking.load_model",
    "load_results": "regnet.tracking.read.load",
}
"""The module of each public name that is not in `regnet.contracts`, imported on first use, so that `regnet --help` is fast."""

__all__ = [
    "PER_REPLICA",
    "BadOption",
    "Buffer",
    "Catalog",
    "Coding",
    "Column",
    "Context",
    "Dataset",
    "Initializer",
    "Layer",
    "Loss",
    "Metric",
    "Optimizer",
    "Params",
    "RegnetError",
    "Schema",
    "Sequential",
    "ShapeError",
    "Split",
    "Splits",
    "State",
    "StudyResult",
    "TrainedNetwork",
    "complement",
    "descend",
    "describe_columns",
    "hookimpl",
    "load_catalog",
    "load_model",
    "load_result",
    "load_results",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'regnet' has no attribute {name!r}")
    from importlib import import_module

    try:
        os.getcwd()  # noqa: PTH109 - pathlib takes longer to load; without a directory MKL ends the process
    except FileNotFoundError:
        from regnet.errors import RegnetError

        raise RegnetError("the working directory does not exist any more: change to another one") from None
    return getattr(import_module(_HOMES.get(name, "regnet.contracts")), name)


def __dir__() -> list[str]:
    return __all__
