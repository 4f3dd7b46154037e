"""Real patient data, for regression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import torch
from annotated_types import Interval
from torch import Tensor

from regnet.builtin.datasets.splitting import split_at_random
from regnet.contracts import Dataset, Splits


@dataclass(frozen=True)
class Diabetes(Dataset):
    """442 patients with ten measurements each, to predict the progress of the disease after a year (25 to 346).

    The data are scikit-learn's copy.

    Source: Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", Annals of Statistics 2004.

    Args:
        test_share: the share of the patients for testing, above 0 and below 1.
        redraw: whether the split is regenerated for every seed; if false, all seeds share one split.
    """

    test_share: Annotated[float, Interval(gt=0, lt=1)] = 0.2
    redraw: bool = True

    def load(self, generator: torch.Generator) -> Splits:
        return split_at_random(*_read(), self.test_share, None, generator)


@cache  # reading the file takes longer than training a seed for an epoch
def _read() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes()
    return torch.from_numpy(bunch.data).float(), torch.from_numpy(bunch.target).float().unsqueeze(-1)
