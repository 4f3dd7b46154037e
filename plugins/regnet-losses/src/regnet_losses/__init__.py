"""Losses for regnet, one in each file, registered by the hook below."""

from __future__ import annotations

from regnet import Loss, hookimpl
from regnet_losses.focal import Focal
from regnet_losses.hinge import Hinge
from regnet_losses.kl import KL
from regnet_losses.l1 import L1
from regnet_losses.poisson import Poisson
from regnet_losses.quantile import Quantile
from regnet_losses.smooth_l1 import SmoothL1


@hookimpl
def regnet_losses() -> dict[str, type[Loss]]:
    return {
        "l1": L1,
        "smooth_l1": SmoothL1,
        "quantile": Quantile,
        "poisson": Poisson,
        "hinge": Hinge,
        "focal": Focal,
        "kl": KL,
    }
