"""A metric: a number that says how good predictions are, in terms a person can judge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf
from typing import ClassVar, Literal, TypeAlias

from torch import Tensor

from regnet.contracts.dataset import Task

Prediction: TypeAlias = Literal["scores", "probabilities", "values"]
"""What a metric is given as the prediction.

scores
    the network's outputs ``(*R, N, K)``, the largest for the class that it answers.
probabilities
    the probability of each class, ``(*R, N, K)``, as the loss reads the outputs: see `Loss.probabilities`.
values
    values in their own units, ``(*R, N, K)``.
"""


class Metric(ABC):
    """A function of all predictions for a split and their true answers, with one value for each replica.

    What is said of it here is what tables, figures, statistics, early stopping and sweepers know of it. A value that is undefined,
    such as a score of a class that does not occur, is NaN.
    """

    takes: ClassVar[Prediction]
    """What `compute` is given; it also says whether the metric is for classification or for regression."""
    title: ClassVar[str]
    """What to call it in tables and figures, such as ``error rate``."""
    unit: ClassVar[str] = ""
    """The unit in which values are shown, such as ``%``."""
    scale: ClassVar[float] = 1.0
    """What a value is multiplied by to be shown in that unit."""
    smallest: ClassVar[float] = -inf
    """No value is below it."""
    largest: ClassVar[float] = inf
    """No value is above it."""
    better: ClassVar[Literal["smaller", "larger"]] = "smaller"
    """Which direction is the better one."""
    axes: ClassVar[tuple[str, ...]] = ()
    """For a metric that is a table, what its axes are, such as ``("true class", "answer")``; none for a single number."""

    @classmethod
    def task(cls) -> Task:
        """What the metric is for."""
        return "regression" if cls.takes == "values" else "classification"

    @abstractmethod
    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The value ``(*R)``, or table ``(*R, …)`` with the axes named in `axes`.

        The target is class numbers ``(*R, N)``, or values ``(*R, N, K)``. Name axes from the end, as in a layer.
        """
