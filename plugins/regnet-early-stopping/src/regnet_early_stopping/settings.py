"""When to stop: how long to wait for which metric to improve by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge


@dataclass(frozen=True)
class Settings:
    """What `early_stopping` has in the config.

    Args:
        patience: epochs in a row without an improvement after which a seed stops; without it, none does.
        min_delta: by how much a metric has to beat its best value so far for that to be an improvement.
        metric: what is watched; by default a metric of the training examples, so that the test examples choose nothing.
    """

    patience: Annotated[int, Ge(1)] | None = None
    min_delta: Annotated[float, Ge(0)] = 0.0
    metric: str = "train/loss"
