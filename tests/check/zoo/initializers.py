"""Wrong initializers, and the correct one that they are derived from."""

from __future__ import annotations

import torch
from torch import Tensor

from regnet.check import Property
from regnet.contracts import (
    Initializer,
)
from tests.check.zoo.specimen import wrong


class Normal(Initializer):
    """Correct: the base of wrong components."""

    def std(self, out_features: int, in_features: int) -> float:
        return float((2 / in_features) ** 0.5)

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features, generator=generator) * self.std(out_features, in_features)


@wrong(Property.MOMENTS, "standard deviation of the weight", "scaled by out_features where in_features is meant")
class WrongFan(Normal):
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features, generator=generator) * float((2 / out_features) ** 0.5)


@wrong(Property.MOMENTS, "standard deviation of the weight", "the variance is used where the standard deviation is meant")
class VarianceForDeviation(Normal):
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features, generator=generator) * 2 / in_features


@wrong(Property.MOMENTS, "mean of the weight", "off centre")
class OffCentre(Initializer):
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.rand(out_features, in_features, generator=generator)


@wrong(Property.INDEPENDENCE, "weight", "ignores the given generator")
class OwnGenerator(Normal):
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return super().weight(out_features, in_features, torch.Generator().manual_seed(0))


@wrong(Property.DETERMINISM, "weight()", "draws from torch's global generator")
class GlobalInitializer(Normal):
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.randn(out_features, in_features) * self.std(out_features, in_features)


@wrong(Property.SHAPES, "weight", "transposed")
class TransposedWeight(Normal):
    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return super().weight(in_features, out_features, generator)
