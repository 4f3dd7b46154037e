"""Activations for regnet, one in each file, registered by the hook below."""

from __future__ import annotations

from regnet import Layer, hookimpl
from regnet_activations.celu import CELU
from regnet_activations.elu import ELU
from regnet_activations.glu import GLU
from regnet_activations.hardsigmoid import Hardsigmoid
from regnet_activations.hardswish import Hardswish
from regnet_activations.hardtanh import Hardtanh
from regnet_activations.logsigmoid import LogSigmoid
from regnet_activations.maxout import Maxout
from regnet_activations.mish import Mish
from regnet_activations.prelu import PReLU
from regnet_activations.selu import SELU
from regnet_activations.softplus import Softplus
from regnet_activations.softsign import Softsign
from regnet_activations.squareplus import Squareplus
from regnet_activations.swiglu import SwiGLU
from regnet_activations.tanhshrink import Tanhshrink


@hookimpl
def regnet_layers() -> dict[str, type[Layer]]:
    return {
        "elu": ELU,
        "selu": SELU,
        "celu": CELU,
        "mish": Mish,
        "softplus": Softplus,
        "squareplus": Squareplus,
        "logsigmoid": LogSigmoid,
        "softsign": Softsign,
        "tanhshrink": Tanhshrink,
        "hardtanh": Hardtanh,
        "hardsigmoid": Hardsigmoid,
        "hardswish": Hardswish,
        "prelu": PReLU,
        "glu": GLU,
        "swiglu": SwiGLU,
        "maxout": Maxout,
    }
