"""Data sets with a known distribution, to see what a network can and cannot learn."""

from __future__ import annotations

import regnet
from regnet_toydata.checkerboard import Checkerboard
from regnet_toydata.friedman1 import Friedman1
from regnet_toydata.gaussian_mixture import GaussianMixture
from regnet_toydata.spirals import Spirals
from regnet_toydata.two_moons import TwoMoons

__all__ = ["Checkerboard", "Friedman1", "GaussianMixture", "Spirals", "TwoMoons", "regnet_datasets"]


@regnet.hookimpl
def regnet_datasets() -> dict[str, type[regnet.Dataset]]:
    return {
        "two_moons": TwoMoons,
        "spirals": Spirals,
        "checkerboard": Checkerboard,
        "gaussian_mixture": GaussianMixture,
        "friedman1": Friedman1,
    }
