"""A metric: a number that measures how good predictions are, in terms that people can judge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf
from typing import ClassVar, Literal, TypeAlias

from torch import Tensor

from regnet.contracts.dataset import Task

Prediction: TypeAlias = Literal["scores", "probabilities", "values"]
"""What a metric is given as the prediction.

scores
    the network's outputs ``(*R, N, K)``; the largest is that of the predicted class.
probabilities
    the probability of each class, ``(*R, N, K)``: see `Loss.probabilities`.
values
    values in their original units, ``(*R, N, K)``.
"""


class Metric(ABC):
    """A function of all predictions for a split and their true answers, with one value for each replica.

    Tables, figures, statistics, early stopping and sweepers use these attributes. An undefined value, such as a score of a class
    that does not occur, is NaN.
    """

    takes: ClassVar[Prediction]
    """The predictions that `compute` takes, which also decides whether the metric is for classification or for regression."""
    title: ClassVar[str]
    """The name in tables and figures, such as ``error rate``."""
    unit: ClassVar[str] = ""
    """The unit in which values are shown, such as ``%``."""
    scale: ClassVar[float] = 1.0
    """The factor by which a value is multiplied to be shown in that unit."""
    smallest: ClassVar[float] = -inf
    """The lower bound of values."""
    largest: ClassVar[float] = inf
    """The upper bound of values."""
    better: ClassVar[Literal["smaller", "larger"]] = "smaller"
    """Whether smaller or larger values are better."""
    axes: ClassVar[tuple[str, ...]] = ()
    """For a metric that is a table, the names of its axes, such as ``("true class", "answer")``; empty for a single number."""

    @classmethod
    def task(cls) -> Task:
        """The task that the metric is for."""
        return "regression" if cls.takes == "values" else "classification"

    @abstractmethod
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The value ``(*R)``, or table ``(*R, …)`` with the axes named in `axes`.

        The target is class numbers ``(*R, N)``, or values ``(*R, N, K)``. Name axes from the end, as in a layer.
        """
