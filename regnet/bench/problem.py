"""The task as plain arrays, for contenders without regnet: the engines' data, batches and initial weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from regnet.study.study import Study

Affine: TypeAlias = tuple[np.ndarray, np.ndarray]
"""The `W` ``(R, F_in, F_out)`` and `b` ``(R, F_out)`` of a layer ``x W + b``."""


@dataclass(frozen=True)
class Problem:
    """A network of affine layers with ReLU between and tanh last, the square error, plain gradient descent, batches in order."""

    layers: tuple[Affine, ...]
    x: np.ndarray
    """Training inputs in batches, ``(S, R, B, F)``: `S` optimizer steps are an epoch."""
    target: np.ndarray
    """``(S, R, B, K)``."""
    learning_rate: float

    @property
    def replicas(self) -> int:
        return len(self.x[0])

    @property
    def steps(self) -> int:
        """Optimizer steps in an epoch."""
        return len(self.x)

    def first(self, replicas: int) -> Problem:
        """Return the same for the first replicas only."""
        layers = tuple((weight[:replicas], bias[:replicas]) for weight, bias in self.layers)
        x, target = (np.ascontiguousarray(array[:, :replicas]) for array in (self.x, self.target))
        return replace(self, layers=layers, x=x, target=target)


def read_problem(study: Study, replicas: int) -> Problem:
    """Return what the study trains with the seeds from 0 on; its batch size must divide the number of training examples."""
    from regnet.rng import stream
    from regnet.training.loop import load_data

    seeds = range(replicas)
    starts = [study.network.init(study.features, stream(seed, "weights"))[0] for seed in seeds]
    affine = [index for index, params in starts[0].items() if params]
    layers = tuple(
        (
            np.stack([start[index]["weight"].mT.numpy() for start in starts]),
            np.stack([start[index]["bias"].numpy() for start in starts]),
        )
        for index in affine
    )
    examples = [data.train for data in load_data(study, seeds)]
    x, target = (
        np.stack([array.numpy().reshape(-1, study.batch_size, array.shape[-1]) for array in arrays], axis=1)
        for arrays in ([split.x for split in examples], [split.target for split in examples])
    )
    return Problem(layers, x, target, study.config["optimizer"]["lr"])
