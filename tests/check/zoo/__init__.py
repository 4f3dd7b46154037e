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
"""The correct components from which the wrong ones are derived; they must pass the check."""

__all__ = ["RIGHT", "ZOO", "Specimen", "conduct"]
