"""The contracts that plugin authors implement: a small abstract class for each of the six kinds of component.

Offers `layer`, `loss`, `optimizer`, `dataset`, `initializer`, `metric`, `options` (the mark `PER_REPLICA`) and `arithmetic`
(helpers that round alike for numbers and tensors). Values of options are checked by `regnet.registry.options`.

May import nothing of regnet.
"""

from regnet.contracts.arithmetic import complement, descend
from regnet.contracts.dataset import RECOMMENDABLE, Column, ColumnKind, Dataset, Label, Schema, Split, Splits, Task, Variation
from regnet.contracts.initializer import Initializer
from regnet.contracts.layer import Buffer, Context, Layer, Params
from regnet.contracts.loss import Coding, Loss
from regnet.contracts.metric import Metric, Prediction
from regnet.contracts.optimizer import Optimizer, State
from regnet.contracts.options import PER_REPLICA

KINDS: dict[str, type] = {
    "layer": Layer,
    "loss": Loss,
    "optimizer": Optimizer,
    "dataset": Dataset,
    "initializer": Initializer,
    "metric": Metric,
}
"""The six kinds of component, by the name that configs and hooks use."""

__all__ = [
    "KINDS",
    "PER_REPLICA",
    "RECOMMENDABLE",
    "Buffer",
    "Coding",
    "Column",
    "ColumnKind",
    "Context",
    "Dataset",
    "Initializer",
    "Label",
    "Layer",
    "Loss",
    "Metric",
    "Optimizer",
    "Params",
    "Prediction",
    "Schema",
    "Split",
    "Splits",
    "State",
    "Task",
    "Variation",
    "complement",
    "descend",
]
