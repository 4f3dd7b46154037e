"""Layers for regnet, one in each file, registered by the hook below."""

from __future__ import annotations

from regnet import Layer, hookimpl
from regnet_layers.alpha_dropout import AlphaDropout
from regnet_layers.group_norm import GroupNorm
from regnet_layers.log_softmax import LogSoftmax
from regnet_layers.rms_norm import RMSNorm
from regnet_layers.weight_norm import WeightNorm


@hookimpl
def regnet_layers() -> dict[str, type[Layer]]:
    return {
        "rms_norm": RMSNorm,
        "group_norm": GroupNorm,
        "log_softmax": LogSoftmax,
        "alpha_dropout": AlphaDropout,
        "weight_norm": WeightNorm,
    }
