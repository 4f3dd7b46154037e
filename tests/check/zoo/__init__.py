"""A zoo of wrong components: importing the package fills `ZOO`."""

from tests.check.zoo import activations, conduct, datasets, initializers, losses, metrics, normalizations, optimizers, parametrized
from tests.check.zoo.specimen import ZOO, Specimen

RIGHT = (
    activations.ReLU,
    activations.Tanh,
    parametrized.Linear,
    normalizations.LayerNorm,
    normalizations.BatchNorm,
    losses.MSE,
    losses.CrossEntropy,
    optimizers.SGD,
    datasets.Points,
    initializers.Normal,
    metrics.Hits,
)
"""What the wrong ones are made of: they must pass, or a wrong one is wrong in more ways than it says."""

__all__ = ["RIGHT", "ZOO", "Specimen", "conduct"]
