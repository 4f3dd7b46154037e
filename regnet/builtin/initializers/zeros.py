"""All zeros: for a layer that outputs zero at the start of training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from regnet.contracts import Initializer


@dataclass(frozen=True)
class Zeros(Initializer):
    """``W = 0`` and ``b = 0``."""

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.zeros(out_features, in_features)
