"""More optimizers for regnet, and a learning-rate schedule for any optimizer, registered by the hook below."""

from __future__ import annotations

from regnet import Optimizer, hookimpl
from regnet_optimizers.adadelta import Adadelta
from regnet_optimizers.adagrad import Adagrad
from regnet_optimizers.adamax import Adamax
from regnet_optimizers.cosine import Cosine
from regnet_optimizers.lion import Lion
from regnet_optimizers.nadam import NAdam
from regnet_optimizers.radam import RAdam


@hookimpl
def regnet_optimizers() -> dict[str, type[Optimizer]]:
    return {
        "lion": Lion,
        "adagrad": Adagrad,
        "adadelta": Adadelta,
        "nadam": NAdam,
        "radam": RAdam,
        "adamax": Adamax,
        "cosine": Cosine,
    }
