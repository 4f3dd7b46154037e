"""The settings of early stopping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge


@dataclass(frozen=True)
class Settings:
    """The options of `early_stopping` in the config.

    Args:
        patience: the number of consecutive epochs without an improvement after which a seed stops; by default none stops.
        min_delta: a value is an improvement if it is better than the best so far by more than this.
        metric: the metric to watch; by default one of the training examples, so that the test examples do not affect training.
    """

    patience: Annotated[int, Ge(1)] | None = None
    min_delta: Annotated[float, Ge(0)] = 0.0
    metric: str = "train/loss"
